using System.Globalization;
using System.Text;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>The generations and evaluations in the files of a log directory and of the directories below it (docs/log-format.md).</summary>
/// <param name="directory">The directory.</param>
/// <param name="readCompacted">The reader of compacted files; null: none.</param>
/// <param name="tags">The keys of the tags that matter.</param>
internal sealed class CallHistory(string directory, CompactedFileReader? readCompacted, IReadOnlyCollection<string> tags)
{
    // How much the time of a file may lag behind the stamps of its records, if clocks differ or were set.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RecordDetails> _details = new(StringComparer.Ordinal);
    private long _calls;
    private long _skippedLines;

    /// <summary>Whether a file was deleted or compacted between listing and reading. Not all calls have then been read, and a new history
    /// is needed to read them.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>Reads the calls at or after a time. The calls of each directory are in the order of the lines in its files.</summary>
    /// <remarks>
    /// A line that is not a complete record is skipped and counted. A file that has not been written since is not opened.
    /// </remarks>
    /// <param name="since">The time, in UTC ticks; 0: everything.</param>
    /// <exception cref="IOException">A file or directory cannot be read.</exception>
    public IEnumerable<Record> Since(long since)
    {
        foreach (string file in Files().Where(file => !IsOlder(file, since)))
        {
            foreach (Record call in RecordFiles.IsCompacted(file) ? ReadCompacted(file, since) : ReadLines(file, since))
            {
                _calls++;
                yield return call;
            }

            if (IsOutdated)
                yield break;
        }
    }

    /// <summary>Describes what was read, for the log.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Budgets resume from '{directory}': {_calls} calls counted"
            + $"{(_skippedLines > 0 ? $", {_skippedLines} invalid lines skipped" : "")}"
        );

    private string[] Files()
    {
        try
        {
            if (File.Exists(directory))
                throw new IOException("The path names a file.");
            if (!Directory.Exists(directory))
                return [];

            FormatVersion.Check(LogTree.Find(directory, FormatVersion.Files));
            return [.. RecordFiles.Find(directory).Where(file => RecordFiles.NumberOf(file) >= 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(directory, e);
        }
    }

    // A file that is gone has no time. Opening it will report that.
    private static bool IsOlder(string path, long since) =>
        since != 0 && new FileInfo(path) is { Exists: true } file && file.LastWriteTimeUtc.Ticks < since - ClockTolerance.Ticks;

    // Only the first line of the message: an engine that reads compacted files shows its statement below it.
    private static IOException Unreadable(string path, Exception e) =>
        new($"A budget cannot resume from '{path}': {e.FirstLine()}", e);

    private IEnumerable<Record> ReadCompacted(string path, long since)
    {
        if (readCompacted is null)
            throw new IOException(
                $"A budget cannot resume from '{path}': The file is compacted. To read such files, "
                + "call UseCompactedFiles() on the options (package Afterimage.Monitoring.Reporting)."
            );

        using IEnumerator<ReadOnlyMemory<byte>>? lines = Try(
            path,
            () => readCompacted(path, since == 0 ? null : new DateTimeOffset(since, TimeSpan.Zero)).GetEnumerator());
        var line = new RecordLine();
        while (lines is not null && Try(path, lines.MoveNext))
        {
            if (!line.TryParse(lines.Current))
                _skippedLines++;
            else if (IsCall(line, since))
                yield return CallOf(line);
        }
    }

    /// <returns>The result of the reader; nothing if the file is gone.</returns>
    private T? Try<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
        {
            if (File.Exists(path))
                throw Unreadable(path, e);
            IsOutdated = true;
            return default;
        }
    }

    private IEnumerable<Record> ReadLines(string path, long since)
    {
        using RecordReader? reader = Try(path, () => new RecordReader(path));
        while (reader is not null && Try(path, reader.Read))
        {
            if (IsCall(reader.Record, since))
                yield return CallOf(reader.Record);
        }

        _skippedLines += reader?.SkippedLines ?? 0;
    }

    private static bool IsCall(RecordLine line, long since) => line.Event != RecordEvents.Metric && line.Timestamp >= since;

    private Record CallOf(RecordLine line)
    {
        Record call = LineRecords.OfCall(line);
        SetNames(line, ref call);
        return call;
    }

    // Model names are only stored in the details, so that past runs take no place in the tables of this one.
    private void SetNames(RecordLine line, ref Record call)
    {
        string? model = Name(line, RecordSchema.ModelName, _names);
        string? reason = line.Has(RecordSchema.FinishReason) ? Name(line, RecordSchema.FinishReason, _names) : null;
        call.ModelId = model is null ? NameTable.None : NameTable.Overflow;
        bool isCutShort = reason is FinishReasons.Cancelled or FinishReasons.Abandoned;
        RecordExtras? extras = ExtrasOf(line);
        KeyValuePair<string, object?>[]? told = line.Has(RecordSchema.Tags)
            ? LineTags.Of(line.Text(RecordSchema.Tags), tags.Contains)
            : null;
        if (isCutShort || extras is not null || told is { Length: > 0 })
        {
            call.FinishReasonId = isCutShort ? NameTable.Overflow : NameTable.None;
            call.Details = new RecordDetails { ModelName = model, FinishReason = isCutShort ? reason : null, Extras = extras, Tags = told };
        }
        else if (model is not null)
        {
            if (!_details.TryGetValue(model, out RecordDetails? details))
                _details.Add(model, details = new RecordDetails { ModelName = model });
            call.Details = details;
        }
    }

    private static RecordExtras? ExtrasOf(RecordLine line)
    {
        RecordExtras? extras = null;
        foreach (RecordField field in RecordSchema.Extras)
        {
            if (!line.Has(field))
                continue;

            extras = field.Type is FieldType.Count or FieldType.Flag
                ? RecordExtras.With(extras, field, line.Count(field))
                : RecordExtras.With(extras, field, Encoding.UTF8.GetString(line.Text(field)));
        }

        return extras;
    }

    // A run has many calls but few names, so that they can share strings.
    private static string? Name(RecordLine line, RecordField field, HashSet<string> names)
    {
        if (!line.Has(field))
            return null;

        string name = Encoding.UTF8.GetString(line.Text(field));
        if (names.TryGetValue(name, out string? known))
            return known;
        names.Add(name);
        return name;
    }
}
