namespace Afterimage.Monitoring;

/// <summary>An alert from its start to its end, combined from its announcements.</summary>
public sealed record AlertEpisode
{
    /// <summary>The name of the rule.</summary>
    public required string Name { get; init; }

    /// <summary>The most severe level at which the alert was announced.</summary>
    public required AlertLevel Level { get; init; }

    /// <summary>The last message at that level.</summary>
    public required string Message { get; init; }

    /// <summary>The time of the first announcement, in UTC.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>The time at which the alert or its run ended, in UTC; <see langword="null"/> while the alert is firing, and if the end of
    /// its run is unknown.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>The state of the alert: firing, or how it ended.</summary>
    public required AlertEpisodeState State { get; init; }

    /// <summary>How many times the alert was announced as firing.</summary>
    public required int Announcements { get; init; }

    /// <summary>The data of the last message: see <see cref="Alert.Data"/>.</summary>
    public required IReadOnlyDictionary<string, object?> Data { get; init; }

    /// <summary>The full path of the run's directory.</summary>
    public required string LogDirectory { get; init; }

    /// <summary>The duration of the alert; <see langword="null"/> if <see cref="End"/> is. Never negative, even if the clock was set back
    /// in the meantime.</summary>
    public TimeSpan? Duration => End is { } end ? (end > Start ? end - Start : TimeSpan.Zero) : null;
}
