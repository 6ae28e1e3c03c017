namespace Afterimage.Monitoring;

/// <summary>Figures about everything that was recorded. A record is a generation, an evaluation, a single metric point or a log entry; the
/// monitor's own log entries are not counted.</summary>
public sealed record MonitorStatistics
{
    /// <summary>Records that the monitor accepted.</summary>
    public required long Recorded { get; init; }

    /// <summary>Records that were refused because a buffer was full under <see cref="BufferFullMode.Drop"/>.</summary>
    public required long Dropped { get; init; }

    /// <summary>Records that have been handled by every handler meant for them.</summary>
    public required long Written { get; init; }

    /// <summary>Records that were accepted but lost on the way to a handler, summed over all handlers:
    /// <see cref="HandlerStatistics.Failed"/> and <see cref="HandlerStatistics.Dropped"/>.</summary>
    public required long Failed { get; init; }

    /// <summary>Metric points that were NaN or infinite. They are logged, but kept out of aggregates.</summary>
    public required long NonFinite { get; init; }

    /// <summary>The figures of each handler: metric handlers first, each kind in the order of the options.</summary>
    public required IReadOnlyList<HandlerStatistics> Handlers { get; init; }

    /// <summary>Records that were refused because the monitor was disposed. The other figures do not include them.</summary>
    public long RecordedAfterDisposal { get; init; }

    /// <summary>Records and log entries whose texts were truncated in the log directory; see
    /// <see cref="LogFileOptions.MaxTextLength"/>.</summary>
    public long Cut { get; init; }

    /// <summary>The figures of the alerts: the alert file first, then the alert handlers in the order of the options. Alerts are not
    /// records, so the other figures do not include them.</summary>
    public IReadOnlyList<HandlerStatistics> AlertHandlers { get; init; } = [];
}
