using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>An alert from its beginning to its end, put together from what was announced of it.</summary>
public sealed record AlertEpisode
{
    /// <summary>The rule's name.</summary>
    public required string Name { get; init; }

    /// <summary>The gravest level at which it was announced.</summary>
    public required AlertLevel Level { get; init; }

    /// <summary>What was said at that level last.</summary>
    public required string Message { get; init; }

    /// <summary>When it was announced first, UTC.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>When it was over, or its run was, UTC; <see langword="null"/> while it is firing, and where nothing says when its run
    /// ended.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>Whether and how it ended.</summary>
    public required AlertEpisodeState State { get; init; }

    /// <summary>How often it was announced that it fires.</summary>
    public required int Announcements { get; init; }

    /// <summary>The data of that last message: see <see cref="Alert.Data"/>.</summary>
    public required IReadOnlyDictionary<string, object?> Data { get; init; }

    /// <summary>The full path of the directory of its run.</summary>
    public required string LogDirectory { get; init; }

    /// <summary>How long it lasted; <see langword="null"/> where <see cref="End"/> is. Never negative, also where the clock was set back
    /// meanwhile.</summary>
    public TimeSpan? Duration => End is { } end ? (end > Start ? end - Start : TimeSpan.Zero) : null;
}
