using Afterimage.Monitoring;

namespace Afterimage.Cli.Views;

/// <summary>A run in a list of runs.</summary>
/// <param name="Name">The name of the run.</param>
/// <param name="State">The state of the run.</param>
/// <param name="Start">The time at which the run began; null if unknown.</param>
/// <param name="End">The time at which the run ended normally; null if it did not.</param>
/// <param name="Duration">How long the run took, or has taken up to its last record; null if unknown.</param>
/// <param name="Host">The machine that the run was made on.</param>
/// <param name="Process">The process of the run.</param>
/// <param name="Directory">The directory of the run.</param>
/// <param name="Calls">The figures of the calls of the run.</param>
internal sealed record ListedRun(
    string Name,
    RunState State,
    DateTimeOffset? Start,
    DateTimeOffset? End,
    TimeSpan? Duration,
    string Host,
    string Process,
    string Directory,
    KeySummary Calls)
{
    /// <summary>The ID of the run in a fleet; null if the run is in a directory.</summary>
    public string? Id { get; init; }

    /// <summary>The service that the run belongs to in a fleet.</summary>
    public string? Service { get; init; }

    public static ListedRun Of(RecordedRun run, RunSummary summary) => new(
        run.Name,
        run.State,
        run.Start,
        run.End,
        DurationOf(run.Start ?? summary.FirstTimestamp, run.End ?? summary.LastTimestamp),
        run.Host,
        run.Process,
        run.Directory.Path,
        new KeySummary
        {
            Generations = summary.Generations,
            Evaluations = summary.Evaluations,
            SuccessRate = summary.Metrics.GetValueOrDefault("success_rate")?.Mean,
            P95Seconds = summary.Metrics.GetValueOrDefault("generation_time")?.P95,
            TotalTokenCount = summary.Tokens.TotalTokens,
            CostUsd = summary.Cost is { } cost ? RunCost.Dollars(cost) : null,
            UnpricedTokenCount = summary.Cost?.UnpricedTokenCount ?? 0,
            UsageMissingCount = summary.Metrics.GetValueOrDefault("usage_missing")?.Count ?? 0,
        });

    public static ListedRun Of(FleetRun run) => new(
        run.Name,
        run.State,
        run.Start,
        run.End,
        DurationOf(run.Start, run.End ?? run.LastTimestamp),
        run.Host,
        run.Process,
        run.Path,
        run.Calls)
    {
        Id = run.Id,
        Service = run.Service,
    };

    private static TimeSpan? DurationOf(DateTimeOffset? start, DateTimeOffset? end) =>
        start is { } first && end is { } last && last >= first ? last - first : null;
}
