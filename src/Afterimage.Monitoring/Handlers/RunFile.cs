using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Afterimage.Monitoring.Handlers;

/// <summary>Makes the run's directory and writes <c>run.json</c> into it (docs/log-format.md).</summary>
internal sealed class RunFile
{
    private const int FormatVersion = 1;

    private readonly string _runId = Guid.CreateVersion7().ToString();
    private readonly DateTimeOffset _start;

    private RunFile(string directory, DateTimeOffset start)
    {
        Directory = directory;
        _start = start;
    }

    /// <summary>The run's directory, as a full path.</summary>
    public string Directory { get; }

    /// <param name="directory">The directory, or null for a new one under the current directory.</param>
    /// <param name="start">When the run began.</param>
    /// <exception cref="IOException">The directory cannot be made or written.</exception>
    public static RunFile Create(string? directory, DateTimeOffset start)
    {
        string path = Path.GetFullPath(directory ?? Path.Combine(".afterimage-monitoring", $"{start.UtcDateTime:yyyy-MM-dd-HH-mm-ss}"));
        try
        {
            return directory is null ? CreateNew(path, start) : CreateIn(path, start, FileMode.Create);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"The log directory '{path}' cannot be written: {e.Message}", e);
        }
    }

    public void WriteEnd(DateTimeOffset end) => Write(FileMode.Create, end);

    // Whoever creates run.json owns the directory: monitors that start in the same second get one each.
    private static RunFile CreateNew(string path, DateTimeOffset start)
    {
        for (int attempt = 1; ; attempt++)
        {
            string candidate = attempt == 1 ? path : $"{path}-{attempt}";
            try
            {
                return CreateIn(candidate, start, FileMode.CreateNew);
            }
            catch (IOException) when (File.Exists(Path.Combine(candidate, "run.json")))
            {
            }
        }
    }

    private static RunFile CreateIn(string path, DateTimeOffset start, FileMode mode)
    {
        System.IO.Directory.CreateDirectory(path);
        var run = new RunFile(path, start);
        run.Write(mode, end: null);
        return run;
    }

    private void Write(FileMode mode, DateTimeOffset? end)
    {
        using var stream = new FileStream(Path.Combine(Directory, "run.json"), mode, FileAccess.Write, FileShare.Read);
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format_version", FormatVersion);
            writer.WriteString("run_id", _runId);
            writer.WriteString("host", Environment.MachineName);
            writer.WriteNumber("process_id", Environment.ProcessId);
            writer.WriteString("process_name", ProcessName());
            writer.WriteString("library_version", LibraryVersion());
            writer.WriteString("start", _start.UtcDateTime);
            if (end is { } time)
                writer.WriteString("end", time.UtcDateTime);
            writer.WriteEndObject();
        }

        stream.Write("\n"u8);
    }

    private static string ProcessName()
    {
        using var process = Process.GetCurrentProcess();
        return process.ProcessName;
    }

    private static string LibraryVersion() =>
        typeof(RunFile).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
