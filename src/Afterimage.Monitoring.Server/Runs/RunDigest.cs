namespace Afterimage.Monitoring.Server.Runs;

/// <summary>What the list of runs shows of a run. It is small, and kept for every run.</summary>
internal sealed record RunDigest
{
    /// <summary>The number of columns in a sparkline.</summary>
    public const int SparkColumns = 24;

    public long Generations { get; init; }

    public long Evaluations { get; init; }

    public double? SuccessRate { get; init; }

    /// <summary>The 95th percentile of durations, in seconds.</summary>
    public double? P95 { get; init; }

    public double? TotalTokens { get; init; }

    /// <summary>The cost in US dollars; null if no call had a price.</summary>
    public double? CostUsd { get; init; }

    public double UnpricedTokens { get; init; }

    /// <summary>Generations whose provider reported no usage.</summary>
    public long UsageMissing { get; init; }

    public long SkippedLines { get; init; }

    public DateTimeOffset? FirstTimestamp { get; init; }

    public DateTimeOffset? LastTimestamp { get; init; }

    /// <summary>The number of generations in each column of the run's time.</summary>
    public IReadOnlyList<long> Spark { get; init; } = [];

    /// <summary>The first two dozen models that were called.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>The alerts as episodes, oldest first.</summary>
    public IReadOnlyList<AlertEpisode> Alerts { get; init; } = [];
}
