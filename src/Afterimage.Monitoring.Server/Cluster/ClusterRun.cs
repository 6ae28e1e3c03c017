using Afterimage.Monitoring.ClickHouse.Questions;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Cluster;

/// <summary>A run in the cluster.</summary>
/// <param name="id">The ID that requests use.</param>
/// <param name="run">The run.</param>
/// <param name="name">The name to show.</param>
internal sealed class ClusterRun(string id, FleetRun run, string name) : RunEntry(id)
{
    // A run to which nothing has been added for this long is over for its shipper too.
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(10);

    private FleetRun _run = run;
    private string _name = name;
    private DateTimeOffset _lastChange;

    public override string Name => _name;

    public override DateTimeOffset? Start => _run.Start ?? Figures?.FirstTimestamp;

    public override DateTimeOffset? End => Status == RunStatus.Live ? null : _run.End ?? Figures?.LastTimestamp;

    public override string Host => _run.Host;

    public override string Process => _run.Process;

    public override string FleetId => _run.Id;

    /// <summary>What was last read of the run; null if nothing was.</summary>
    public RunFigures? Figures { get; private set; }

    /// <summary>Updates the run with its row in the list.</summary>
    /// <param name="listed">The row.</param>
    /// <param name="shown">The name to show.</param>
    /// <param name="seen">The time at which a shipper last saw a change of its <c>run.json</c>.</param>
    /// <param name="version">The version if anything has changed.</param>
    /// <returns><see langword="true"/> if anything has changed; otherwise, <see langword="false"/>.</returns>
    public bool Found(FleetRun listed, string shown, DateTimeOffset seen, long version)
    {
        bool isOther = Version == 0 || listed != _run || shown != _name;
        (_run, _name) = (listed, shown);
        Status = listed.State switch
        {
            RunState.Running => RunStatus.Live,
            RunState.Killed => RunStatus.Killed,
            _ => RunStatus.Ended,
        };
        if (seen > _lastChange)
            _lastChange = seen;
        if (isOther)
            Version = version;
        return isOther;
    }

    /// <summary>Returns whether lines may still be added to the run.</summary>
    public bool MayGrow(DateTimeOffset now) => Status == RunStatus.Live || now - _lastChange < Quiet;

    /// <summary>Updates the run with what was read of it.</summary>
    public void Read(RunFigures figures, DateTimeOffset now, long version)
    {
        if (Figures is not null)
            _lastChange = now;
        Figures = figures;
        KeySummary calls = figures.Calls;
        Digest = new RunDigest
        {
            Generations = calls.Generations,
            Evaluations = calls.Evaluations,
            SuccessRate = calls.SuccessRate,
            P95 = calls.P95Seconds,
            TotalTokens = calls.IfKnown(calls.TotalTokenCount),
            CostUsd = (double?)calls.CostUsd,
            UnpricedTokens = calls.UnpricedTokenCount,
            UsageMissing = calls.UsageMissingCount,
            SkippedLines = figures.SkippedLines,
            FirstTimestamp = figures.FirstTimestamp,
            LastTimestamp = figures.LastTimestamp,
            Spark = figures.Spark,
            Models = figures.Models,
            Alerts = figures.Alerts,
        };
        Version = version;
    }
}
