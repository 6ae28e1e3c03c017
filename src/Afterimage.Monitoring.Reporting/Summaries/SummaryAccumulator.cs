using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>Accumulates records as they are read, and summarises them. Not thread-safe: each thread has its own instance, and one of them
/// takes over the others.</summary>
/// <remarks>The points that a record yields are those of docs/log-format.md, "From records to points".</remarks>
internal sealed class SummaryAccumulator : IRecordTaker, IDisposable
{
    // The ID of the first well-known metric.
    private const int FirstKnown = WellKnownMetrics.GenerationTime;

    private readonly Utf8Names<MetricValues> _metrics;
    private readonly Utf8Names<MetricValues> _scores;
    private readonly Utf8Names<ModelTotals> _models;
    private readonly Utf8Names<Uses> _finishReasons;
    private readonly MetricValues[] _known;
    private readonly ValueMemory _memory;
    private readonly ModelTotals _unknown = new();
    private byte[] _scoreName = new byte[64];
    private long _generations;
    private long _evaluations;
    private long _skippedLines;
    private long _first = long.MaxValue;
    private long _last = long.MinValue;

    /// <param name="memory">Shared by all instances that will be combined.</param>
    /// <param name="limits">Shared likewise.</param>
    public SummaryAccumulator(ValueMemory memory, NameLimits limits)
    {
        _memory = memory;
        _metrics = new Utf8Names<MetricValues>(limits.Metrics);
        _scores = new Utf8Names<MetricValues>(limits.Scores);
        _models = new Utf8Names<ModelTotals>(limits.Models);
        _finishReasons = new Utf8Names<Uses>(limits.FinishReasons);
        string[] known = WellKnownMetrics.InOrder.ToArray();
        _known = [.. known.Select(_ => NewValues())];
        foreach ((string name, MetricValues values) in known.Zip(_known))
            _metrics.Take(name, values, Combine);
    }

    public void TakeSkipped() => _skippedLines++;

    public void Take(IRecord record)
    {
        _first = Math.Min(_first, record.Timestamp);
        _last = Math.Max(_last, record.Timestamp);
        switch (record.Event)
        {
            case RecordEvents.Generation:
                AddGeneration(record);
                break;
            case RecordEvents.Evaluation:
                AddEvaluation(record);
                break;
            default:
                AddPoint(record);
                break;
        }
    }

    /// <summary>Takes over the content of another instance, which must not be used afterwards.</summary>
    public void Take(SummaryAccumulator other)
    {
        _generations += other._generations;
        _evaluations += other._evaluations;
        _skippedLines += other._skippedLines;
        _first = Math.Min(_first, other._first);
        _last = Math.Max(_last, other._last);
        _metrics.Take(other._metrics, Combine);
        _scores.Take(other._scores, Combine);
        _models.Take(other._models, (mine, its) => mine.Take(its));
        _finishReasons.Take(other._finishReasons, (mine, its) => mine.Count += its.Count);
        _unknown.Take(other._unknown);
    }

    /// <summary>Summarises everything that was accumulated.</summary>
    public RunSummary Summarize(string logDirectory, IReadOnlyList<string> files)
    {
        var metrics = new SortedDictionary<string, MetricSummary>(StringComparer.Ordinal);
        foreach ((string name, ModelTotals model) in _models.All.Where(pair => pair.Value.Uses > 0))
            AddOnes(metrics, Names.ModelUsagePrefix + name, model.Uses);
        foreach ((string name, Uses uses) in _finishReasons.All)
            AddOnes(metrics, Names.FinishReasonPrefix + name, uses.Count);
        foreach ((string name, MetricValues values) in _scores.All)
            _metrics.Take(Names.ScorePrefix + name, values, Combine);
        if (_unknown.HasTokens || _unknown.HasCost)
            _models.Take(Names.UnknownModelName, _unknown, (mine, its) => mine.Take(its));

        long nonFinite = 0;
        foreach ((string name, MetricValues values) in _metrics.All)
        {
            nonFinite += values.NonFiniteCount;
            if (values.Count > 0)
                metrics.Add(name, values.Summary);
        }

        return new RunSummary
        {
            LogDirectory = logDirectory,
            Generations = _generations,
            Evaluations = _evaluations,
            Tokens = ModelTotals.Tokens(_models.All),
            Metrics = metrics,
            FirstTimestamp = Time(_first),
            LastTimestamp = Time(_last),
            NonFinitePoints = nonFinite,
            SkippedLines = _skippedLines,
            Files = files,
            Cost = ModelTotals.Cost(_models.All, metrics),
        };
    }

    public void Dispose()
    {
        foreach ((_, MetricValues values) in _metrics.All.Concat(_scores.All))
            values.Dispose();
    }

    // Names may be many, and their points are all 1: a count says it all. Somebody may have recorded points of such a name himself.
    private void AddOnes(SortedDictionary<string, MetricSummary> metrics, string name, long count)
    {
        if (_metrics.TryGet(name, out MetricValues? values))
            values.Add(1, count);
        else
            metrics.Add(name, MetricSummary.OfOnes(count));
    }

    private static void Combine(MetricValues mine, MetricValues its) => mine.Take(its);

    private void AddGeneration(IRecord record)
    {
        _generations++;
        ModelTotals model = Model(record);
        Values(WellKnownMetrics.GenerationTime).Add(record.Number(RecordSchema.Duration));
        Values(WellKnownMetrics.SuccessRate).Add(record.Flag(RecordSchema.Success) ? 1 : 0);
        Values(WellKnownMetrics.ErrorRate).Add(record.Has(RecordSchema.Error) ? 1 : 0);
        if (record.Has(RecordSchema.TimeToFirstToken))
            Values(WellKnownMetrics.TimeToFirstToken).Add(record.Number(RecordSchema.TimeToFirstToken));
        if (record.Has(RecordSchema.ConversationLength))
            Values(WellKnownMetrics.ConversationLength).Add(record.Count(RecordSchema.ConversationLength));
        if (model != _unknown)
            model.Uses++;
        if (record.Has(RecordSchema.FinishReason))
            _finishReasons.GetOrAdd(record.Text(RecordSchema.FinishReason), () => new Uses()).Count++;
        if (record.Has(RecordSchema.UsageMissing) && record.Flag(RecordSchema.UsageMissing))
            Values(WellKnownMetrics.UsageMissing).Add(1);
        AddPaid(record, model);
    }

    private void AddEvaluation(IRecord record)
    {
        _evaluations++;
        Values(WellKnownMetrics.EvaluationTime).Add(record.Number(RecordSchema.Duration));
        Values(WellKnownMetrics.EvaluationErrorRate).Add(record.Has(RecordSchema.Error) ? 1 : 0);
        if (record.Has(RecordSchema.Scores))
            AddScores(record.Text(RecordSchema.Scores));
        AddPaid(record, Model(record));
    }

    private void AddScores(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (_scoreName.Length < reader.ValueSpan.Length)
                _scoreName = new byte[reader.ValueSpan.Length * 2];
            int length = reader.CopyString(_scoreName);
            reader.Read();
            _scores.GetOrAdd(_scoreName.AsSpan(0, length), NewValues).Add(RecordLine.NumberOf(reader));
        }
    }

    private void AddPaid(IRecord record, ModelTotals model)
    {
        double? prompt = Count(record, RecordSchema.PromptTokenCount);
        double? completion = Count(record, RecordSchema.CompletionTokenCount);
        double? total = Count(record, RecordSchema.TotalTokenCount) ?? (prompt is null ? completion : prompt + (completion ?? 0));
        AddTokens(WellKnownMetrics.PromptTokenCount, prompt, model);
        AddTokens(WellKnownMetrics.CompletionTokenCount, completion, model);
        AddTokens(WellKnownMetrics.TotalTokenCount, total, model);
        if (record.Has(RecordSchema.CostUsd))
            AddCost(record.Number(RecordSchema.CostUsd), model);
        if (Count(record, RecordSchema.UnpricedTokenCount) is { } unpriced)
            AddUnpriced(unpriced, model);
    }

    private void AddPoint(IRecord record)
    {
        double value = record.Number(RecordSchema.Value);
        MetricValues values = _metrics.GetOrAdd(record.Text(RecordSchema.MetricName), NewValues);
        int metric = Array.IndexOf(_known, values) + FirstKnown;
        switch (metric)
        {
            case WellKnownMetrics.PromptTokenCount or WellKnownMetrics.CompletionTokenCount or WellKnownMetrics.TotalTokenCount
                when double.IsFinite(value):
                AddTokens(metric, value, Model(record));
                break;
            case WellKnownMetrics.CostUsd when double.IsFinite(value):
                AddCost(value, Model(record));
                break;
            case WellKnownMetrics.UnpricedTokenCount when double.IsFinite(value):
                AddUnpriced(value, Model(record));
                break;
            default:
                values.Add(value);
                break;
        }
    }

    private void AddTokens(int metric, double? tokens, ModelTotals model)
    {
        if (tokens is not { } count)
            return;

        Values(metric).Add(count);
        model.HasTokens = true;
        if (metric == WellKnownMetrics.PromptTokenCount)
            model.PromptTokens.Add(count, 1);
        else if (metric == WellKnownMetrics.CompletionTokenCount)
            model.CompletionTokens.Add(count, 1);
        else
            model.TotalTokens.Add(count, 1);
    }

    private void AddCost(double dollars, ModelTotals model)
    {
        Values(WellKnownMetrics.CostUsd).Add(dollars);
        model.HasCost = model.IsPriced = true;
        model.Dollars.Add(dollars, 1);
    }

    private void AddUnpriced(double tokens, ModelTotals model)
    {
        Values(WellKnownMetrics.UnpricedTokenCount).Add(tokens);
        model.HasCost = true;
        model.UnpricedTokenCount.Add(tokens, 1);
    }

    private ModelTotals Model(IRecord record) =>
        record.Has(RecordSchema.ModelName) ? _models.GetOrAdd(record.Text(RecordSchema.ModelName), () => new ModelTotals()) : _unknown;

    private MetricValues Values(int metric) => _known[metric - FirstKnown];

    private MetricValues NewValues() => new(_memory);

    private static double? Count(IRecord record, RecordField field) => record.Has(field) ? record.Count(field) : null;

    private static DateTimeOffset? Time(long ticks) =>
        ticks is long.MaxValue or long.MinValue ? null : new DateTimeOffset(ticks, TimeSpan.Zero);

    private sealed class Uses
    {
        public long Count { get; set; }
    }
}
