using System.Text;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Reporting.Comparing;

/// <summary>A run as a comparison needs it: its summary, and its points in ascending order by metric and value.</summary>
internal abstract class ComparedRun : IDisposable
{
    private const string Generations = "generation_time";

    private readonly Dictionary<string, ModelTokenUsage> _tokens;
    private readonly Dictionary<string, ModelCost> _costs;
    private IEnumerator<(string Metric, double Value, long Times)>? _points;
    private bool _hasPoint;

    protected ComparedRun(RunSummary summary)
    {
        Summary = summary;
        _tokens = summary.Tokens.ByModel.ToDictionary(usage => usage.ModelName, StringComparer.Ordinal);
        _costs = (summary.Cost?.ByModel ?? []).ToDictionary(cost => cost.ModelName, StringComparer.Ordinal);
    }

    public RunSummary Summary { get; }

    /// <summary>The metrics that have points.</summary>
    public abstract IReadOnlyCollection<string> MetricNames { get; }

    public long GenerationCount => Counts(Generations).Finite;

    /// <summary>The metric of the next value; null behind the last.</summary>
    public string? Metric { get; private set; }

    /// <summary>The next value.</summary>
    public double Value { get; private set; }

    /// <summary>How often it is there.</summary>
    public long Times { get; private set; }

    /// <summary>Compares names in the order of <see cref="Metric"/>: by the bytes of UTF-8, as databases do.</summary>
    public static int CompareNames(string x, string y) => Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y));

    /// <summary>Returns the number of finite points of a metric, and of its others.</summary>
    public abstract (long Finite, long NonFinite) Counts(string metric);

    /// <summary>Goes to the first value. Must be called before each comparison with another run.</summary>
    public void Restart()
    {
        _points?.Dispose();
        _points = FinitePoints().GetEnumerator();
        _hasPoint = _points.MoveNext();
        Advance();
    }

    public void Advance()
    {
        if (!_hasPoint)
        {
            Metric = null;
            return;
        }

        // The same text stays the same object, so that the names of a metric's values are compared once.
        string metric = _points!.Current.Metric;
        Metric = metric == Metric ? Metric : metric;
        Value = _points.Current.Value;
        Times = 0;
        do
        {
            Times += _points.Current.Times;
            _hasPoint = _points.MoveNext();
        }
        while (_hasPoint && _points.Current.Value == Value && _points.Current.Metric == Metric);
    }

    public ModelUse? Use(string model)
    {
        ModelTokenUsage? tokens = _tokens.GetValueOrDefault(model);
        long generations = Summary.Metrics.GetValueOrDefault(Names.ModelUsagePrefix + model)?.Count ?? 0;
        ModelCost? cost = _costs.GetValueOrDefault(model);
        if (tokens is null && generations == 0 && cost is null)
            return null;

        return new ModelUse
        {
            Generations = generations,
            PromptTokenCount = tokens?.PromptTokens ?? 0,
            CompletionTokenCount = tokens?.CompletionTokens ?? 0,
            TotalTokenCount = tokens?.TotalTokens ?? 0,
            CostUsd = cost?.CostUsd,
            UnpricedTokenCount = cost?.UnpricedTokenCount ?? 0,
        };
    }

    /// <inheritdoc/>
    public virtual void Dispose() => _points?.Dispose();

    /// <summary>Returns the finite points, in ascending order by metric (<see cref="CompareNames"/>) and value.</summary>
    protected abstract IEnumerable<(string Metric, double Value, long Times)> FinitePoints();
}
