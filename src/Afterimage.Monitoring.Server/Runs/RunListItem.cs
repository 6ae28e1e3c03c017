namespace Afterimage.Monitoring.Server.Runs;

/// <summary>A run in the list.</summary>
internal sealed record RunListItem
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>The ID of the run in the cluster, as SQL statements over a cluster use it.</summary>
    public string? FleetId { get; init; }

    public RunStatus State { get; init; }

    public DateTimeOffset? Start { get; init; }

    public DateTimeOffset? End { get; init; }

    /// <summary>The duration of the run, in seconds; up to now if it is live.</summary>
    public double? DurationSeconds { get; init; }

    public string? Host { get; init; }

    public string? Process { get; init; }

    /// <summary>Whether the records of the run have been read. Until then, values derived from them are absent.</summary>
    public bool IsRead { get; init; }

    public string? Trouble { get; init; }

    public long? Generations { get; init; }

    public long? Evaluations { get; init; }

    public double? SuccessRate { get; init; }

    public double? P95Seconds { get; init; }

    public double? TotalTokens { get; init; }

    public double? CostUsd { get; init; }

    public double? UnpricedTokens { get; init; }

    public long? UsageMissing { get; init; }

    /// <summary>The number of firing alerts that are not silenced.</summary>
    public int? FiringAlerts { get; init; }

    public int? Alerts { get; init; }

    public IReadOnlyList<long>? Spark { get; init; }

    public static RunListItem Of(RunEntry entry, DateTimeOffset now)
    {
        RunDigest? digest = entry.Digest;
        DateTimeOffset? end = entry.End;
        return new RunListItem
        {
            Id = entry.Id,
            Name = entry.Name,
            FleetId = entry.FleetId,
            State = entry.Status,
            Start = entry.Start,
            End = end,
            DurationSeconds = entry.Start is { } start && (end ?? (entry.Status == RunStatus.Live ? now : null)) is { } until
                ? Math.Max(0, (until - start).TotalSeconds)
                : null,
            Host = entry.Host.Length > 0 ? entry.Host : null,
            Process = entry.Process.Length > 0 ? entry.Process : null,
            IsRead = digest is not null,
            Trouble = entry.Trouble,
            Generations = digest?.Generations,
            Evaluations = digest?.Evaluations,
            SuccessRate = digest?.SuccessRate,
            P95Seconds = digest?.P95,
            TotalTokens = digest?.TotalTokens,
            CostUsd = digest?.CostUsd,
            UnpricedTokens = digest?.UnpricedTokens,
            UsageMissing = digest?.UsageMissing,
            Alerts = digest?.Alerts.Count,
            Spark = digest?.Spark,
        };
    }
}
