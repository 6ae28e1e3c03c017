using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>An alert from its beginning to its end, put together from what was announced of it.</summary>
/// <param name="Name">The rule's name.</param>
/// <param name="Level">The gravest level at which it was announced.</param>
/// <param name="Message">What was said at that level last.</param>
/// <param name="Start">When it was announced first, UTC.</param>
/// <param name="End">When it was over, or its run was, UTC; <see langword="null"/> while it is firing, and where nothing says when its run
/// ended.</param>
/// <param name="State">Whether and how it ended.</param>
/// <param name="Announcements">How often it was announced that it fires.</param>
/// <param name="Data">The data of that last message: see <see cref="Alert.Data"/>.</param>
/// <param name="LogDirectory">The full path of the directory of its run.</param>
public sealed record AlertEpisode(
    string Name,
    AlertLevel Level,
    string Message,
    DateTimeOffset Start,
    DateTimeOffset? End,
    AlertEpisodeState State,
    int Announcements,
    IReadOnlyDictionary<string, object?> Data,
    string LogDirectory)
{
    /// <summary>How long it lasted; <see langword="null"/> where <see cref="End"/> is. Never negative, also where the clock was set back
    /// meanwhile.</summary>
    public TimeSpan? Duration => End is { } end ? (end > Start ? end - Start : TimeSpan.Zero) : null;
}
