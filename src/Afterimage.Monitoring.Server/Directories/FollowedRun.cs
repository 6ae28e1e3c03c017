using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>The server's bounded state of one run in memory: the metrics, as in a monitor, a timeline, and a few calls and log entries.
/// Thread-safe, but callers that read more than one value must hold <see cref="Gate"/>.</summary>
internal sealed class FollowedRun
{
    /// <summary>The number of points that are kept individually. Older points are in summaries.</summary>
    private const int MaxRetainedPoints = 100_000;
    private const int NamesOfAKind = 500;
    private const int MaxLogEntries = 200;
    private const int MaxErrorLength = 1000;

    private readonly RecordFill _fill;
    private readonly SortedSet<(double Duration, long Number)> _slowestOrder = [];
    private readonly Dictionary<long, CallNote> _slowest = [];
    private readonly Queue<CallNote> _failures = new();
    private readonly Queue<LogNote> _log = new();
    private readonly List<Alert> _alerts = [];
    private readonly SortedDictionary<string, IReadOnlyList<BudgetValues>> _budgets = new(StringComparer.Ordinal);
    private readonly Dictionary<int, CallGroup> _models = [];
    private readonly Dictionary<(string Key, string Value), CallGroup> _tags = [];
    private readonly Dictionary<string, int> _tagKeys = new(StringComparer.Ordinal);
    private long _number;

    public FollowedRun(TimeProvider timeProvider)
    {
        Store = new MetricStore(Names, new Clock(timeProvider), MaxRetainedPoints, dimensions: [], cardinalityLimit: NamesOfAKind);
        _fill = new RecordFill(Names);
    }

    public Lock Gate { get; } = new();

    public Names Names { get; } = new(NamesOfAKind);

    public MetricStore Store { get; }

    public Timeline Timeline { get; } = new();

    public long Generations { get; private set; }

    public long Evaluations { get; private set; }

    public long SkippedLines { get; private set; }

    /// <summary>Generations whose provider reported no usage.</summary>
    public long UsageMissing { get; private set; }

    /// <summary>The time of the earliest record, in UTC ticks; <see cref="long.MaxValue"/> if there is none.</summary>
    public long First { get; private set; } = long.MaxValue;

    /// <summary>The time of the latest record, in UTC ticks; 0 if there is none.</summary>
    public long Last { get; private set; }

    public IEnumerable<CallNote> Slowest => _slowestOrder.Reverse().Select(key => _slowest[key.Number]);

    public IEnumerable<CallNote> Failures => _failures.Reverse();

    public IEnumerable<LogNote> Log => _log.Reverse();

    public IReadOnlyList<Alert> Alerts => _alerts;

    /// <summary>The budgets as last told by the monitors of the run.</summary>
    public IEnumerable<BudgetValues> Budgets => _budgets.Values.SelectMany(budgets => budgets);

    public IEnumerable<(string Name, CallGroup Group)> Models => _models.Select(m => (Names.Models[m.Key], m.Value));

    /// <summary>Calls grouped by tag. A tag with many values is left out, because it identifies calls rather than kinds of calls.</summary>
    public IEnumerable<(string Key, string Value, CallGroup Group)> Tags =>
        _tags.Where(tag => _tagKeys[tag.Key.Key] <= RunDocument.MaxValuesOfATag).Select(tag => (tag.Key.Key, tag.Key.Value, tag.Value));

    public void Add(RecordLine line)
    {
        lock (Gate)
        {
            Record record = _fill.Of(line);
            First = Math.Min(First, record.Timestamp);
            Last = Math.Max(Last, record.Timestamp);
            if (record.Kind != RecordKind.Metric)
            {
                WatchModel(record);
                WatchTags(record);
            }

            Store.Apply(new Span<Record>(ref record));
            if (record.Kind == RecordKind.Metric)
                return;

            Timeline.Add(record);
            if (record.Kind == RecordKind.Evaluation)
            {
                Evaluations++;
                return;
            }

            Generations++;
            if (line.Has(RecordSchema.UsageMissing) && line.Count(RecordSchema.UsageMissing) != 0)
                UsageMissing++;
            Note(line, record);
        }
    }

    /// <summary>Replaces the budgets of a monitor.</summary>
    /// <param name="file">The file that tells of them.</param>
    /// <param name="budgets">The budgets.</param>
    public void Set(string file, IReadOnlyList<BudgetValues> budgets)
    {
        lock (Gate)
            _budgets[file] = budgets;
    }

    public void Skip(long lines)
    {
        lock (Gate)
            SkippedLines += lines;
    }

    public void Add(LogNote entry)
    {
        lock (Gate)
        {
            _log.Enqueue(entry);
            if (_log.Count > MaxLogEntries)
                _log.Dequeue();
        }
    }

    public void Add(Alert alert)
    {
        lock (Gate)
        {
            _alerts.Add(alert);
            if (_alerts.Count > 2000)
                _alerts.RemoveRange(0, 1000);
        }
    }

    private void WatchModel(in Record record)
    {
        int id = ModelSums.Key(record.ModelId);
        if (_models.ContainsKey(id) || _models.Count == RunDocument.MaxModels)
            return;

        _models.Add(id, CallGroup.OfModel(Store, Names.Models[id]));
    }

    private void WatchTags(in Record record)
    {
        foreach ((string key, object? value) in record.Details?.Tags ?? [])
        {
            if (value is not string text || text.Length > 200 || _tags.ContainsKey((key, text)))
                continue;

            int values = _tagKeys.GetValueOrDefault(key);
            if ((values == 0 && _tagKeys.Count >= RunDocument.MaxTags) || values > RunDocument.MaxValuesOfATag)
                continue;
            _tagKeys[key] = values + 1;
            if (values == RunDocument.MaxValuesOfATag || _tags.Count >= RunDocument.MaxTags)
                continue;
            _tags.Add((key, text), CallGroup.OfTag(Store, key, text));
        }
    }

    private void Note(RecordLine line, in Record record)
    {
        double duration = line.Number(RecordSchema.Duration);
        bool failed = !record.Has(RecordFields.Success);
        bool slow = _slowestOrder.Count < RunDocument.MaxNotes || duration > _slowestOrder.Min.Duration;
        if (!failed && !slow)
            return;

        string? error = _fill.Text(line, RecordSchema.Error);
        var note = new CallNote(
            new DateTime(record.Timestamp, DateTimeKind.Utc),
            duration,
            !failed,
            _fill.Text(line, RecordSchema.ModelName),
            record.Has(RecordFields.PromptTokens) ? record.PromptTokens : null,
            record.Has(RecordFields.CompletionTokens) ? record.CompletionTokens : null,
            _fill.Text(line, RecordSchema.FinishReason),
            error is { Length: > MaxErrorLength } ? error[..MaxErrorLength] + "…" : error,
            _fill.Text(line, RecordSchema.TraceId));
        if (failed)
        {
            _failures.Enqueue(note);
            if (_failures.Count > RunDocument.MaxNotes)
                _failures.Dequeue();
        }

        if (!slow)
            return;

        _slowestOrder.Add((duration, _number));
        _slowest.Add(_number++, note);
        if (_slowestOrder.Count > RunDocument.MaxNotes)
        {
            (double, long Number) least = _slowestOrder.Min;
            _slowestOrder.Remove(least);
            _slowest.Remove(least.Number);
        }
    }
}
