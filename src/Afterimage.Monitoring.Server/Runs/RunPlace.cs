namespace Afterimage.Monitoring.Server.Runs;

/// <summary>The kind of place where runs are.</summary>
internal enum RunPlace
{
    /// <summary>A directory on this machine. Live runs are followed as they are written.</summary>
    Directory,

    /// <summary>A cluster. Live runs are shown as far as they were shipped.</summary>
    Fleet,
}
