using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Compacting;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Reads the files of one directory into a <see cref="FollowedRun"/> as they are written. Not thread-safe.</summary>
/// <remarks>
/// Records that have been read still count after the writer deletes its oldest files. If a file is truncated or replaced, the directory is
/// read again from the start. A compacted file that replaces files that have been read is ignored.
/// </remarks>
internal sealed class RunTail(string directory, TimeProvider timeProvider)
{
    // Only the part of a log that can be shown is read.
    private const long LogTail = 256 * 1024;
    private const int MaxMessageLength = 2000;

    private readonly Dictionary<string, TailedFile> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _compacted = new(StringComparer.Ordinal);

    // Files that had a successor when they were read to their end, so that nothing can have been added.
    private readonly HashSet<int> _complete = [];
    private BudgetFiles _budgets = new(directory);

    public FollowedRun State { get; private set; } = new(timeProvider);

    /// <summary>Reads new data.</summary>
    /// <param name="isLive">Whether the directory is being written to.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns><see langword="true"/> if there was any; otherwise, <see langword="false"/>.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a file or the directory is denied.</exception>
    public bool Advance(bool isLive, CancellationToken cancellationToken)
    {
        // If a file was replaced, read once more: everything is then new.
        return TryAdvance(isLive, cancellationToken, out bool isNew)
            ? isNew
            : Restart() && TryAdvance(isLive, cancellationToken, out _);
    }

    private bool Restart()
    {
        _files.Clear();
        _compacted.Clear();
        _complete.Clear();
        _budgets = new BudgetFiles(directory);
        State = new FollowedRun(timeProvider);
        return true;
    }

    private bool TryAdvance(bool isLive, CancellationToken cancellationToken, out bool isNew)
    {
        isNew = false;
        if (_files.Count == 0)
            FormatVersion.Check(Directory.EnumerateFiles(directory, FormatVersion.Files));
        string[] files =
        [
            .. CompactedName.In(directory).Select(c => c.Path)
                .Concat(Directory.EnumerateFiles(directory, RecordFiles.JsonPattern))
                .OrderBy(RecordFiles.NumberOf),
        ];
        files = RecordFiles.Current(files);
        for (int i = 0; i < files.Length; i++)
        {
            if (RecordFiles.IsCompacted(files[i]))
            {
                if (!TryCompacted(files[i], cancellationToken, ref isNew))
                    return false;
            }
            else if (!TryLines(files[i], !isLive, ReadRecords, cancellationToken, ref isNew))
            {
                return false;
            }
            else if (i < files.Length - 1)
            {
                _complete.Add(RecordFiles.NumberOf(files[i]));
            }
        }

        isNew |= _budgets.Read(State.Set);
        return TryAll("alerts*.jsonl", ReadAlerts, cancellationToken, ref isNew)
            && TryAll("afterimage*.log", ReadLog, cancellationToken, ref isNew);

        bool TryAll(string pattern, Action<TailedFile, CancellationToken> read, CancellationToken cancellationToken, ref bool isNew)
        {
            foreach (string file in Directory.EnumerateFiles(directory, pattern).Order(StringComparer.Ordinal))
            {
                if (!TryLines(file, !isLive, read, cancellationToken, ref isNew))
                    return false;
            }

            return true;
        }
    }

    private bool TryCompacted(string path, CancellationToken cancellationToken, ref bool isNew)
    {
        if (_compacted.Contains(path))
            return true;

        CompactedName name = CompactedName.Parse(path)!;
        int[] read =
        [
            .. _files.Keys.Where(f => Path.GetFileName(f).StartsWith("metrics", StringComparison.Ordinal)).Select(RecordFiles.NumberOf),
        ];
        bool isRead = read.Any(name.StandsFor) || _compacted.Any(name.StandsFor);
        if (isRead && !read.Where(name.StandsFor).All(_complete.Contains))
            return false;

        _compacted.Add(path);
        if (isRead)
            return true;

        var line = new RecordLine();
        foreach (ReadOnlyMemory<byte> bytes in CompactedLines.Read(path))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (line.TryParse(bytes))
                State.Add(line);
            else
                State.Skip(1);
        }

        return isNew = true;
    }

    private bool TryLines(
        string path,
        bool toEnd,
        Action<TailedFile, CancellationToken> read,
        CancellationToken cancellationToken,
        ref bool isNew)
    {
        try
        {
            if (!_files.TryGetValue(path, out TailedFile? file))
                _files[path] = file = new TailedFile(path);
            FileChange change = file.Look(toEnd);
            if (change == FileChange.Grown)
            {
                read(file, cancellationToken);
                file.Advance();
                isNew = true;
            }

            return change != FileChange.Replaced;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // A writer that keeps only its newest files may have deleted it.
            return true;
        }
    }

    private void ReadRecords(TailedFile file, CancellationToken cancellationToken)
    {
        using var reader = new RecordReader(file.Path, file.Position, file.End);
        while (reader.Read())
        {
            if ((reader.Records & 0xFFF) == 0)
                cancellationToken.ThrowIfCancellationRequested();
            State.Add(reader.Record);
        }

        State.Skip(reader.SkippedLines);
    }

    private void ReadAlerts(TailedFile file, CancellationToken cancellationToken)
    {
        using var lines = new LineSplitter(file.Path, file.Position, file.End);
        while (lines.Read() && !cancellationToken.IsCancellationRequested)
        {
            if (NoteLine.Alert(lines.Line) is { } alert)
                State.Add(AlertOf(alert));
        }
    }

    private void ReadLog(TailedFile file, CancellationToken cancellationToken)
    {
        file.PassTo(LogTail);
        using var lines = new LineSplitter(file.Path, file.Position, file.End);
        while (lines.Read() && !cancellationToken.IsCancellationRequested)
        {
            if (NoteLine.LogEntry(lines.Line) is { } entry)
                State.Add(new LogNote(
                    entry.Time.UtcDateTime,
                    entry.Level,
                    Cut(entry.Message),
                    entry.Error is { } error ? Cut(error) : null));
        }
    }

    private static Alert AlertOf(NoteLine alert) =>
        new()
        {
            Name = alert.Name!,
            Message = Cut(alert.Message),
            Level = Enum.Parse<AlertLevel>(alert.Level, ignoreCase: true),
            Timestamp = alert.Time,
            Data = NoteLine.ValuesOf(alert.Data),
        };

    private static string Cut(string text) => text.Length > MaxMessageLength ? text[..MaxMessageLength] + "…" : text;
}
