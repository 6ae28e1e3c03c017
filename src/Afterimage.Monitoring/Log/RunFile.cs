using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Afterimage.Monitoring.Log;

/// <summary>Creates the directory of the run and writes <c>run.json</c> to it (docs/log-format.md).</summary>
internal sealed class RunFile : IDisposable
{
    private const string FileName = "run.json";

    private readonly string _runId = Guid.CreateVersion7().ToString();
    private readonly DateTimeOffset _start;
    private readonly string? _firstStart;
    private readonly string _path;
    private readonly FileClaim _claim;

    private RunFile(string path, FileClaim claim, DateTimeOffset start, string? firstStart = null)
    {
        _firstStart = firstStart;
        _path = path;
        _claim = claim;
        _start = start;
    }

    /// <summary>Whether the file system's locks keep other writers out of this run's files.</summary>
    public bool KeepsOthersOut => _claim.KeepsOthersOut;

    /// <summary>The run's directory, as a full path.</summary>
    public string Directory => Path.GetDirectoryName(_path)!;

    /// <summary>The file of the run's budgets: <c>budgets.json</c>, or with the number of the run's own file.</summary>
    public string BudgetsPath => BudgetFiles(Directory).PathOf(RunFiles(Directory).NumberOf(_path));

    /// <param name="directory">The directory, or null for a new one under the current directory.</param>
    /// <param name="start">The time at which the run began.</param>
    /// <exception cref="IOException">The directory cannot be created or written to.</exception>
    public static RunFile Create(string? directory, DateTimeOffset start)
    {
        string path = Path.GetFullPath(
            directory
            ?? Path.Combine(
                ".afterimage-monitoring",
                string.Create(CultureInfo.InvariantCulture, $"{start.UtcDateTime:yyyy-MM-dd-HH-mm-ss}")));
        FileSizeLimit.FailWrites();
        try
        {
            if (File.Exists(path))
                throw new IOException("The path must name a directory, not a file.");

            RunFile run = directory is null ? CreateInNew(path, start) : CreateIn(path, start);
            try
            {
                run.Write(end: null, statistics: null);
                run.RemoveBudgetsOfEndedRuns();
            }
            catch
            {
                // Otherwise, the next attempt would be locked out.
                run.Dispose();
                throw;
            }

            return run;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"The log directory '{path}' cannot be written to: {e.Message}", e);
        }
    }

    /// <summary>The names of the files of budgets. Each has the number of the file of its run.</summary>
    public static NumberedName BudgetFiles(string directory) => new(directory, "budgets.json");

    public void WriteEnd(DateTimeOffset end, MonitorStatistics statistics) => Write(end, statistics);

    public void Dispose() => _claim.Dispose();

    // Monitors that start in the same second get separate directories.
    private static RunFile CreateInNew(string directory, DateTimeOffset start)
    {
        for (int attempt = 1; ; attempt++)
        {
            string path = Path.Combine(attempt == 1 ? directory : $"{directory}-{attempt}", FileName);
            if (FileClaim.TryToWrite(path) is not { } claim)
                continue;
            if (!claim.KeepsOthersOut || !File.Exists(path))
                return new RunFile(path, claim, start);
            claim.Dispose();
        }
    }

    // A live monitor keeps its file: the next one in its directory uses another.
    private static RunFile CreateIn(string directory, DateTimeOffset start)
    {
        NumberedName name = RunFiles(directory);
        for (int number = 0; ; number++)
        {
            string path = name.PathOf(number);
            if (FileClaim.TryToWrite(path) is not { } claim)
                continue;

            try
            {
                FormatVersion.Check([path]);
                return new RunFile(path, claim, start, FirstStart(path));
            }
            catch
            {
                claim.Dispose();
                throw;
            }
        }
    }

    private static NumberedName RunFiles(string directory) => new(directory, FileName);

    private void RemoveBudgetsOfEndedRuns()
    {
        File.Delete(BudgetsPath);
        NumberedName files = BudgetFiles(Directory);
        foreach (string budgets in files.ExistingFiles())
        {
            if (!FileClaim.IsHeld(RunFiles(Directory).PathOf(files.NumberOf(budgets))))
                File.Delete(budgets);
        }
    }

    // Of the run that this one goes on with.
    private static string? FirstStart(string path) =>
        JsonFile.Read(path) is { } before
        && (before.TryGetProperty("first_start", out JsonElement start) || before.TryGetProperty("start", out start))
        && start.ValueKind == JsonValueKind.String
            ? start.GetString()
            : null;

    private void Write(DateTimeOffset? end, MonitorStatistics? statistics) => JsonFile.Replace(_path, writer =>
    {
        writer.WriteNumber(FormatVersion.Key, FormatVersion.Current);
        writer.WriteString("run_id", _runId);
        writer.WriteString("host", Environment.MachineName);
        writer.WriteNumber("process_id", Environment.ProcessId);
        writer.WriteString("process_name", ProcessName());
        writer.WriteString("library_version", LibraryVersion());
        writer.WriteString("start", _start.UtcDateTime);
        if (_firstStart is not null)
            writer.WriteString("first_start", _firstStart);
        if (end is { } time)
            writer.WriteString("end", time.UtcDateTime);
        if (statistics is not null)
        {
            writer.WriteNumber("recorded", statistics.Recorded);
            writer.WriteNumber("dropped", statistics.Dropped);
            writer.WriteNumber("written", statistics.Written);
            writer.WriteNumber("failed", statistics.Failed);
            writer.WriteNumber("cut", statistics.Cut);
        }
    });

    private static string ProcessName() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) ?? "unknown";

    private static string LibraryVersion() =>
        typeof(RunFile).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
