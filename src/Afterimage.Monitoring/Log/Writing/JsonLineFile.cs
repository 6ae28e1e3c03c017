using System.Buffers;
using System.Text.Json;

namespace Afterimage.Monitoring.Log.Writing;

/// <summary>Lines of JSON in a file and its numbered successors, by the rules of <see cref="LogFileOptions"/>.</summary>
/// <remarks>
/// Lines gather in memory until <see cref="Commit"/> hands them to the operating system in one write. Files are opened at the first write,
/// and again when written to after <see cref="Dispose"/>. A writer that finds a file claimed by another goes on to the next number. For one
/// thread at a time.
/// </remarks>
internal sealed class JsonLineFile : IDisposable
{
    private readonly NumberedName _name;
    private readonly LogFileOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ArrayBufferWriter<byte> _lines = new(4096);
    private readonly Utf8JsonWriter _writer;
    private ClaimedFile? _current;
    private long _openedAt;

    // The system reports once that the disk did not take something, and then takes it for written: later it would say that all is well.
    private IOException? _notKept;

    public JsonLineFile(string directory, string name, LogFileOptions options, TimeProvider timeProvider)
    {
        FileSizeLimit.FailWrites();
        _name = new NumberedName(Path.GetFullPath(directory), name);
        _options = options;
        _timeProvider = timeProvider;
        _writer = new Utf8JsonWriter(_lines, new JsonWriterOptions { SkipValidation = true });
    }

    /// <summary>Forgets lines that were not committed.</summary>
    public void Discard()
    {
        _writer.Reset();
        _lines.ResetWrittenCount();
    }

    /// <summary>Begins a line: an object, open.</summary>
    public Utf8JsonWriter BeginLine()
    {
        _writer.WriteStartObject();
        return _writer;
    }

    public void EndLine()
    {
        _writer.WriteEndObject();
        _writer.Flush();
        _writer.Reset();
        _lines.Write("\n"u8);
    }

    /// <summary>Writes the gathered lines.</summary>
    /// <exception cref="IOException">They could not be written; nothing of them counts as written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Commit()
    {
        ClaimedFile file = Open();
        file.Append(_lines.WrittenSpan);

        // Looked at behind the write as well: if the file went while it was written to, the lines are written again where they are seen.
        if (file.IsLost)
            Open().Append(_lines.WrittenSpan);
        _lines.ResetWrittenCount();
    }

    /// <summary>Makes what was committed as durable as the options say.</summary>
    /// <exception cref="IOException">The disk did not take something, now or at any time before.</exception>
    public void Flush()
    {
        Sync();
        if (_notKept is not null)
            throw new IOException($"The disk may not have kept what was written to the file: {_notKept.Message}", _notKept);
    }

    public void Dispose()
    {
        _current?.Dispose();
        _current = null;
    }

    private ClaimedFile Open()
    {
        if (_current?.IsLost == true)
            Dispose();
        _current ??= OpenLast();
        if (IsDue(_current))
            Rotate();
        return _current;
    }

    private bool IsDue(ClaimedFile file) =>
        file.Length > 0
        && (file.Length + _lines.WrittenCount > _options.MaxFileSize
            || (_options.MaxFileAge is { } age && _timeProvider.GetElapsedTime(_openedAt) >= age));

    private void Rotate()
    {
        // The next is opened before the full one is given up: if that fails, this one is still there for the next attempt.
        ClaimedFile full = _current!;
        Sync();
        _current = OpenNew(_name.NumberOf(full.Path) + 1);

        // The file's own time is when it was finished, by the clock that its age is measured with. Before it is given up: behind that it
        // may be somebody else's.
        if (_options.MaxTotalSize is not null)
            File.SetLastWriteTimeUtc(full.Path, _timeProvider.GetUtcNow().UtcDateTime);
        full.Dispose();
        DeleteOld();
    }

    private void Sync()
    {
        if (_options.Durability != Durability.Synced)
            return;

        try
        {
            _current?.Sync();
        }
        catch (IOException e)
        {
            _notKept ??= e;
        }
    }

    private ClaimedFile OpenLast()
    {
        int last = _name.ExistingFiles().Select(_name.NumberOf).DefaultIfEmpty(0).Max();
        int compacted = _name.IsOfRecords ? CompactedName.In(_name.Directory).Select(c => c.Last).DefaultIfEmpty(-1).Max() : -1;
        if (compacted >= last || TryOpen(last) is not { } file)
            return OpenNew(Math.Max(last, compacted) + 1);

        try
        {
            file.EndTornLine();
        }
        catch
        {
            // Else this writer would be shut out by its own claim.
            file.Dispose();
            throw;
        }

        _openedAt = _timeProvider.GetTimestamp();
        return file;
    }

    private ClaimedFile OpenNew(int number)
    {
        for (; ; number++)
        {
            if (TryOpen(number) is not { } file)
                continue;

            if (file.Length == 0)
            {
                _openedAt = _timeProvider.GetTimestamp();
                return file;
            }

            file.Dispose();
        }
    }

    private ClaimedFile? TryOpen(int number)
    {
        // Looked for before it is opened, which would make it, and behind the claim as well, since who compacts a file has it claimed until
        // what stands for it is there.
        if (IsCompacted(number) || ClaimedFile.TryOpen(_name.PathOf(number)) is not { } file)
            return null;
        if (!IsCompacted(number))
            return file;

        file.Dispose();
        return null;
    }

    private bool IsCompacted(int number) =>
        _name.IsOfRecords && CompactedName.In(_name.Directory).Any(compacted => compacted.StandsFor(number));

    private void DeleteOld()
    {
        if (_options.MaxTotalSize is not { } maxTotalSize)
            return;

        DateTime now = _timeProvider.GetUtcNow().UtcDateTime;
        FileInfo[] files =
        [
            .. _name
                .ExistingFiles()
                .Where(path => path != _current!.Path)
                .Select(path => new FileInfo(path))

                // Others delete and compact meanwhile.
                .Where(f => f.Exists)
                .OrderBy(f => f.LastWriteTimeUtc)
                .ThenBy(f => _name.NumberOf(f.FullName)),
        ];
        long total = files.Sum(f => f.Length) + _options.MaxFileSize;
        foreach (FileInfo file in files)
        {
            if (total <= maxTotalSize)
                return;
            if (now - file.LastWriteTimeUtc < _options.MinRetention)
                continue;

            // Held while it is deleted, so that no writer opens it in between.
            using FileClaim? claim = FileClaim.Try(file.FullName);
            if (claim is not { KeepsOthersOut: true } || !ShippingMarks.AllowRemoval(file.FullName))
                continue;

            total -= file.Length;
            file.Delete();
        }
    }
}
