namespace Afterimage.Monitoring;

/// <summary>How an <see cref="AlertEpisode"/> ended, if it did.</summary>
public enum AlertEpisodeState
{
    /// <summary>The alert is firing, as far as the log shows. The log does not show the end of a process that was killed.</summary>
    Firing,

    /// <summary>The end of the alert was announced.</summary>
    Resolved,

    /// <summary>The alert was firing when its run ended.</summary>
    RunEnded,
}
