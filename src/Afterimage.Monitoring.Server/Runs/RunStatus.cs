namespace Afterimage.Monitoring.Server.Runs;

/// <summary>The status of a run.</summary>
internal enum RunStatus
{
    /// <summary>The run's monitor is alive on this machine.</summary>
    Live,

    /// <summary>The run ended normally, or nothing says that it did not.</summary>
    Ended,

    /// <summary>The run's monitor is gone and has not recorded an end.</summary>
    Killed,
}
