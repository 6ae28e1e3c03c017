namespace Afterimage.Monitoring;

/// <summary>The alerts of a log directory.</summary>
public sealed record AlertHistory
{
    /// <summary>The announcements, in chronological order.</summary>
    public required IReadOnlyList<Alert> Alerts { get; init; }

    /// <summary>The same alerts as episodes, in the order in which they started. An end without a start among <see cref="Alerts"/> makes no
    /// episode.</summary>
    public required IReadOnlyList<AlertEpisode> Episodes { get; init; }

    /// <summary>The number of earlier alerts that were left out because of the requested maximum.</summary>
    public required long OmittedAlerts { get; init; }

    /// <summary>The number of lines in the files that held no valid alert.</summary>
    public required long SkippedLines { get; init; }
}
