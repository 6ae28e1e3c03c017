namespace Afterimage.Monitoring;

/// <summary>How far a run is.</summary>
public enum RunState
{
    /// <summary>Nothing says so: it has no <c>run.json</c>, or one without an end from another machine.</summary>
    Unknown,

    /// <summary>Its monitor is alive, on this machine.</summary>
    Running,

    /// <summary>It ended in order.</summary>
    Ended,

    /// <summary>Its process ended without saying so: it was killed, or crashed.</summary>
    Killed,
}
