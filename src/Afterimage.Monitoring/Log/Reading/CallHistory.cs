using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
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

    // The texts are only of interest to those who look at single calls.
    private static readonly RecordField[] CountedExtras =
    [
        .. RecordSchema.Extras.Where(field => field.Type is FieldType.Count or FieldType.Flag || field == RecordSchema.RequestModel),
    ];

    private readonly Func<string, bool> _isWanted = tags.Contains;
    private long _calls;
    private long _skippedLines;

    /// <summary>Whether a file was deleted or compacted between listing and reading. Not all calls have then been read, and a new history
    /// is needed to read them.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>Reads the calls at or after a time. The calls of each directory are passed on in the order of the lines in its
    /// files.</summary>
    /// <remarks>
    /// A line that is not a complete record is skipped and counted. A file that has not been written since is not opened.
    /// </remarks>
    /// <param name="since">The time, in UTC ticks; 0: everything.</param>
    /// <param name="take">Receives the calls, some at a time.</param>
    /// <exception cref="IOException">A file or directory cannot be read.</exception>
    public void Read(long since, Action<ReadOnlySpan<Record>> take)
    {
        foreach (string file in Files().Where(file => !IsOlder(file, since)))
        {
            try
            {
                ReadFile(file, since, take);
            }
            catch (Exception e)
            {
                if (File.Exists(file))
                    throw Unreadable(file, e);
                IsOutdated = true;
                return;
            }
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
                throw new IOException("The path must name a directory, not a file.");
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

    private void ReadFile(string path, long since, Action<ReadOnlySpan<Record>> take)
    {
        DateTimeOffset? start = since == 0 ? null : new DateTimeOffset(since, TimeSpan.Zero);
        if (!RecordFiles.IsCompacted(path))
        {
            RecordScan.Run(
                [path],
                (start, null),
                LineSplitter.DefaultMaxLineLength,
                () => new Calls(this, since, take),
                report: null,
                CancellationToken.None);
            return;
        }

        if (readCompacted is null)
        {
            throw new IOException(
                "The file is compacted. To read such files, "
                + "call UseCompactedFiles() on the options (package Afterimage.Monitoring.Reporting).");
        }

        var calls = new Calls(this, since, take);
        readCompacted(path, start, calls);
        calls.HandOn();
    }

    /// <summary>Collects calls. Each thread that reads has an instance of its own, which is handed on in turn.</summary>
    private sealed class Calls(CallHistory history, long since, Action<ReadOnlySpan<Record>> take) : ILineSink, IRecordTaker
    {
        private const int MostKept = 4096;

        // A run has many calls but few names.
        private readonly TextCache _names = new();
        private readonly LineTags _tags = new(history._isWanted);
        private readonly Dictionary<string, RecordDetails> _details = new(StringComparer.Ordinal);
        private readonly List<Record> _calls = [];
        private long _skippedLines;

        public void Take(RecordReader reader) => Add(reader.Record);

        public void TakeSkipped(RecordReader reader) => _skippedLines++;

        // Comes in order, from one thread.
        public void Take(IRecord record)
        {
            Add(record);
            if (_calls.Count == MostKept)
                HandOn();
        }

        public void TakeSkipped() => _skippedLines++;

        public void HandOn()
        {
            take(CollectionsMarshal.AsSpan(_calls));
            history._calls += _calls.Count;
            history._skippedLines += _skippedLines;
            _calls.Clear();
            _skippedLines = 0;
        }

        private void Add(IRecord record)
        {
            if (record.Event == RecordEvents.Metric || record.Timestamp < since)
                return;

            Record call = LineRecords.OfCall(record);
            SetNames(record, ref call);
            _calls.Add(call);
        }

        // Model names are only stored in the details, so that past runs take no place in the tables of this one.
        private void SetNames(IRecord record, ref Record call)
        {
            string? model = Name(record, RecordSchema.ModelName);
            string? reason = Name(record, RecordSchema.FinishReason);
            call.ModelId = model is null ? NameTable.None : NameTable.Overflow;
            bool isCutShort = reason is FinishReasons.Cancelled or FinishReasons.Abandoned;
            RecordExtras? extras = ExtrasOf(record);
            KeyValuePair<string, object?>[]? told = record.Has(RecordSchema.Tags)
                ? _tags.Of(record.Text(RecordSchema.Tags))
                : null;
            if (isCutShort || extras is not null || told is { Length: > 0 })
            {
                call.FinishReasonId = isCutShort ? NameTable.Overflow : NameTable.None;
                call.Details = new RecordDetails
                {
                    ModelName = model,
                    FinishReason = isCutShort ? reason : null,
                    Extras = extras,
                    Tags = told,
                };
            }
            else if (model is not null)
            {
                if (!_details.TryGetValue(model, out RecordDetails? details))
                    _details.Add(model, details = new RecordDetails { ModelName = model });
                call.Details = details;
            }
        }

        private static RecordExtras? ExtrasOf(IRecord record)
        {
            RecordExtras? extras = null;
            foreach (RecordField field in CountedExtras)
            {
                if (!record.Has(field))
                    continue;

                extras = field.Type switch
                {
                    FieldType.Count => RecordExtras.With(extras, field, record.Count(field)),
                    FieldType.Flag => RecordExtras.With(extras, field, record.Flag(field) ? 1 : 0),
                    _ => RecordExtras.With(extras, field, Encoding.UTF8.GetString(record.Text(field))),
                };
            }

            return extras;
        }

        private string? Name(IRecord record, RecordField field) => record.Has(field) ? _names.Get(record.Text(field)) : null;
    }
}
