namespace Afterimage.Monitoring;

/// <summary>How an <see cref="AlertEpisode"/> ended, if it did.</summary>
public enum AlertEpisodeState
{
    /// <summary>The alert is firing, as far as is known. Whether a process of another machine was killed is not known.</summary>
    Firing,

    /// <summary>The end of the alert was announced.</summary>
    Resolved,

    /// <summary>The alert was firing when its run ended, or was killed. The end of a killed run is not known.</summary>
    RunEnded,
}
