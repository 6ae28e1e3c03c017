using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>How an <see cref="AlertEpisode"/> ended, if it did.</summary>
public enum AlertEpisodeState
{
    /// <summary>It goes on, as far as the log tells: of a process that was killed the log does not tell that it ended.</summary>
    Firing,

    /// <summary>It was announced to be over.</summary>
    Resolved,

    /// <summary>It was firing when its run ended.</summary>
    RunEnded,
}
