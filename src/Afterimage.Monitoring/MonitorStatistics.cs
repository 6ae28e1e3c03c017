using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>What became of everything that was recorded. A record is a generation, an evaluation, a single metric point or a log entry;
/// what the monitor itself logs is not counted.</summary>
public sealed record MonitorStatistics
{
    /// <summary>Records accepted by the monitor.</summary>
    public required long Recorded { get; init; }

    /// <summary>Records refused because a buffer was full under <see cref="BufferFullMode.Drop"/>.</summary>
    public required long Dropped { get; init; }

    /// <summary>Records that every handler meant for them has handled.</summary>
    public required long Written { get; init; }

    /// <summary>Records that were accepted and lost on the way to a handler, summed over the handlers:
    /// <see cref="HandlerStatistics.Failed"/> and <see cref="HandlerStatistics.Dropped"/>.</summary>
    public required long Failed { get; init; }

    /// <summary>Metric points that were NaN or infinite: logged, but kept out of aggregates.</summary>
    public required long NonFinite { get; init; }

    /// <summary>The handlers, metric handlers first, each in the order of the options.</summary>
    public required IReadOnlyList<HandlerStatistics> Handlers { get; init; }

    /// <summary>Records refused because the monitor was disposed. None of the other figures has them.</summary>
    public long RecordedAfterDisposal { get; init; }

    /// <summary>Records and log entries whose texts were cut in the log directory: <see cref="LogFileOptions.MaxTextLength"/>.</summary>
    public long Cut { get; init; }

    /// <summary>What became of the alerts, which are no records: their file first, then the alert handlers in the order of the options.
    /// None of it is in the other figures.</summary>
    public IReadOnlyList<HandlerStatistics> AlertHandlers { get; init; } = [];
}
