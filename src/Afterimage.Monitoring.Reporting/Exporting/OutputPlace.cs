using System.Formats.Tar;
using System.Text;
using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>The place that a person named for an output: what is there, and whether it may be written to.</summary>
internal static class OutputPlace
{
    private const int MaxLinks = 40;
    private const int HeadLength = 512;

    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <summary>Returns the file that is written when <paramref name="path"/> is written: the target of a symbolic link, whether or not it
    /// exists.</summary>
    /// <exception cref="IOException">The links form a cycle.</exception>
    public static string Resolve(string path)
    {
        string resolved = path;
        for (int links = 0; !IsHandle(resolved) && new FileInfo(resolved).LinkTarget is { } target; links++)
        {
            if (links == MaxLinks)
                throw new IOException($"'{path}' is a symbolic link that refers to itself.");
            resolved = Path.GetFullPath(target, Path.GetDirectoryName(resolved)!);
        }

        return resolved;
    }

    /// <summary>Returns whether the place accepts bytes and has no content to replace: a pipe, a device, or an open handle.</summary>
    public static bool IsStream(string resolved)
    {
        if (OperatingSystem.IsWindows())
            return false;
        if (IsHandle(resolved))
            return true;

        var file = new FileInfo(resolved);
        if (!file.Exists || file.Length > 0)
            return false;

        // An archive entry distinguishes pipes and devices from files without opening them. Opening a pipe would wait for its other end.
        using var entry = new MemoryStream();
        try
        {
            using var archive = new TarWriter(entry, leaveOpen: true);
            archive.WriteEntry(resolved, "entry");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        entry.Position = 0;
        using var reader = new TarReader(entry);
        return reader.GetNextEntry()?.EntryType is TarEntryType.Fifo or TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
    }

    /// <summary>Refuses a name that readers of a log directory would take for a part of it.</summary>
    /// <param name="resolved">The file.</param>
    /// <param name="logDirectories">The log directories that the output is made from.</param>
    /// <exception cref="IOException">The name is such a name.</exception>
    public static void ThrowIfOwn(string resolved, IReadOnlyList<string> logDirectories)
    {
        string directory = Path.GetDirectoryName(resolved)!;
        bool isInLog = logDirectories.Any(log => IsWithin(RealPath(log), RealPath(directory))) || IsLogDirectory(directory);
        if (isInLog && (IsOwnName(Path.GetFileName(resolved)) || Path.GetFileName(directory) == ".locks"))
            throw new IOException("The name is reserved for a file of the log directory. Choose another name.");
    }

    /// <summary>Refuses to replace a file whose content is not of the kind that is written.</summary>
    /// <param name="resolved">The file.</param>
    /// <param name="kind">The kind that is written.</param>
    /// <exception cref="IOException">There is such a file, or a directory.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static void ThrowIfOther(string resolved, OutputKind kind)
    {
        if (Directory.Exists(resolved))
            throw new IOException("The path names a directory.");
        if (!File.Exists(resolved) || IsStream(resolved))
            return;

        var head = new byte[HeadLength];
        int length;
        using (var stream = new FileStream(resolved, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (length > 0 && !Is(kind, head.AsSpan(0, length)))
        {
            string article = kind is OutputKind.Html or OutputKind.Svg or OutputKind.Excel ? "an" : "a";
            throw new IOException(
                $"The existing file is not {article} {Name(kind)} file. Remove it, or replace it with --force.");
        }
    }

    /// <summary>Opens a place for which <see cref="IsStream"/> is true. A pipe waits for its reader.</summary>
    /// <exception cref="IOException">The place cannot be opened.</exception>
    public static FileStream OpenStream(string resolved, CancellationToken cancellationToken) =>
        Task.Run(() => new FileStream(resolved, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0), cancellationToken)
            .WaitAsync(cancellationToken)
            .GetAwaiter()
            .GetResult();

    // The target of such a link has no path of its own.
    private static bool IsHandle(string path) =>
        !OperatingSystem.IsWindows()
        && (path.StartsWith("/proc/", StringComparison.Ordinal)
            || path.StartsWith("/dev/fd/", StringComparison.Ordinal)
            || path is "/dev/stdout" or "/dev/stderr");

    private static bool IsOwnName(string name) =>
        Matches(name, "metrics", ".jsonl")
        || Matches(name, "alerts", ".jsonl")
        || Matches(name, "afterimage", ".log")
        || Matches(name, "run", ".json")
        || CompactedName.Parse(name) is not null;

    private static bool Matches(string name, string start, string end) =>
        name.StartsWith(start, StringComparison.OrdinalIgnoreCase) && name.EndsWith(end, StringComparison.OrdinalIgnoreCase);

    private static bool IsLogDirectory(string directory) =>
        Directory.Exists(directory)
        && Directory.EnumerateFiles(directory)
            .Select(file => Path.GetFileName(file))
            .Any(name => name == "run.json" || Matches(name, "metrics", ".jsonl"));

    private static bool IsWithin(string directory, string path) => path == directory || IsBelow(path, directory);

    /// <summary>Returns whether a path is below a directory. Neither may contain symbolic links.</summary>
    public static bool IsBelow(string path, string directory) =>
        path != directory
        && path.StartsWith(Path.TrimEndingDirectorySeparator(directory) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>Returns the path without symbolic links, as far as it exists.</summary>
    public static string RealPath(string path)
    {
        string full = Path.GetFullPath(path);
        string root = Path.GetPathRoot(full)!;
        string real = root;
        int links = 0;
        var names = new Stack<string>(
            full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        while (names.TryPop(out string? name))
        {
            string next = name switch { "." => real, ".." => Path.GetDirectoryName(real) ?? real, _ => Path.Combine(real, name) };
            if (links < MaxLinks && new FileInfo(next).LinkTarget is { } target)
            {
                links++;
                if (Path.IsPathRooted(target))
                    real = Path.GetPathRoot(target)!;
                foreach (string part in target.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse())
                    names.Push(part);
                continue;
            }

            real = next;
        }

        return real;
    }

    private static bool Is(OutputKind kind, ReadOnlySpan<byte> head)
    {
        if (kind == OutputKind.Parquet)
            return head.StartsWith("PAR1"u8);
        if (kind == OutputKind.Excel)
            return head.StartsWith("PK\u0003\u0004"u8);
        if (kind == OutputKind.Png)
            return head.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47]);

        string text = Encoding.UTF8.GetString(head.StartsWith(ByteOrderMark) ? head[ByteOrderMark.Length..] : head).TrimStart();
        return kind switch
        {
            OutputKind.Json => text.StartsWith('['),
            OutputKind.Html => text.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase),
            OutputKind.Svg => text.StartsWith("<svg", StringComparison.Ordinal)
                || (text.StartsWith("<?xml", StringComparison.Ordinal) && text.Contains("<svg", StringComparison.Ordinal)),

            // Every header of a table that this library writes contains this column.
            _ => text.Split('\n')[0].TrimEnd('\r').Split(',').Contains("timestamp", StringComparer.Ordinal),
        };
    }

    private static string Name(OutputKind kind) => kind switch
    {
        OutputKind.Json => "JSON array",
        OutputKind.Csv => "CSV export",
        OutputKind.Excel => "Excel",
        OutputKind.Parquet => "Parquet",
        OutputKind.Html => "HTML",
        OutputKind.Png => "PNG",
        _ => "SVG",
    };
}
