namespace Afterimage.Monitoring.Recording;

/// <summary>The interned names of one monitor, and the metric IDs that are derived from them.</summary>
internal sealed class Names
{
    /// <summary>The ID in <see cref="Models"/> under which tokens without a model are counted.</summary>
    public const int UnknownModel = 2;

    /// <summary>The name of <see cref="UnknownModel"/>.</summary>
    public const string UnknownModelName = "unknown";

    /// <summary>The prefix of the metrics of scores.</summary>
    public const string ScorePrefix = "evaluation_score_";

    /// <summary>The prefix of the metrics that count the uses of a model.</summary>
    public const string ModelUsagePrefix = "model_usage:";

    /// <summary>The prefix of the metrics that count a finish reason.</summary>
    public const string FinishReasonPrefix = "finish_reason:";

    private readonly DerivedNames _modelUsage;
    private readonly DerivedNames _finishReasons;

    public Names(int limit)
    {
        Models = new NameTable(limit);
        FinishReasons = new NameTable(limit);
        Metrics = new NameTable(limit);
        Scores = new NameTable(limit);
        Labels = new NameTable(Math.Min(limit, short.MaxValue - 2));

        Models.GetOrAddUnlimited(UnknownModelName);
        foreach (string metric in WellKnownMetrics.InOrder)
            Metrics.GetOrAddUnlimited(metric);
        _modelUsage = new DerivedNames(ModelUsagePrefix, Models, Metrics);
        _finishReasons = new DerivedNames(FinishReasonPrefix, FinishReasons, Metrics);
        ScoreMetrics = new DerivedNames(ScorePrefix, Scores, Metrics);
    }

    public NameTable Models { get; }

    public NameTable FinishReasons { get; }

    public NameTable Metrics { get; }

    /// <summary>Score names.</summary>
    public NameTable Scores { get; }

    /// <summary>Providers, operations and evaluators.</summary>
    public NameTable Labels { get; }

    /// <summary>The metric of each score.</summary>
    public DerivedNames ScoreMetrics { get; }

    public int ModelUsageMetric(int modelId) => _modelUsage[modelId];

    public int FinishReasonMetric(int finishReasonId) => _finishReasons[finishReasonId];
}

/// <summary>Metrics named after the names in another table, such as <c>model_usage:gpt-4o</c>. Thread-safe.</summary>
internal sealed class DerivedNames(string prefix, NameTable source, NameTable metrics)
{
    private readonly Lock _growth = new();
    private volatile int[] _metricIds = [];

    public int this[int sourceId]
    {
        get
        {
            int[] ids = _metricIds;
            return (uint)sourceId < (uint)ids.Length && ids[sourceId] != NameTable.None ? ids[sourceId] : Add(sourceId);
        }
    }

    private int Add(int sourceId)
    {
        int id = metrics.GetOrAddUnlimited(prefix + source[sourceId]);
        lock (_growth)
        {
            int[] ids = _metricIds;
            if (sourceId >= ids.Length)
                Array.Resize(ref ids, Math.Max(16, sourceId * 2));
            ids[sourceId] = id;
            _metricIds = ids;
        }

        return id;
    }
}
