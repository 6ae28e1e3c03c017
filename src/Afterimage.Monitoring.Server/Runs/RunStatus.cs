namespace Afterimage.Monitoring.Server.Runs;

/// <summary>Whether a run goes on.</summary>
internal enum RunStatus
{
    /// <summary>Its monitor is alive on this machine.</summary>
    Live,

    /// <summary>It ended in order, or nothing says that it did not.</summary>
    Ended,

    /// <summary>Its monitor is gone and has not said that it ended.</summary>
    Killed,
}
