using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows alerts from start to end, or only the last ones if there are many. Each has a line of figures and its message on the next
/// line, behind the name of its run if there are several.</summary>
internal static class EpisodesView
{
    private const int MaxName = 30;
    private const int MaxRun = 60;
    private const int MaxMessage = 200;
    private const string Gap = "  ";

    private static readonly Style Quiet = new(Color.Grey);

    public static IRenderable Render(IReadOnlyList<AlertEpisode> episodes, int maxRows)
    {
        AlertEpisode[] shown = [.. episodes.Skip(Math.Max(0, episodes.Count - maxRows))];
        int endWidth = shown.Max(episode => End(episode).Length);
        int durationWidth = Math.Max("duration".Length, shown.Max(episode => Duration(episode).Length));

        int shared = SharedLength([.. shown.Select(episode => episode.LogDirectory)]);
        List<IRenderable> lines = [];
        if (episodes.Count > maxRows)
            lines.Add(new Text($"{Format.Count(episodes.Count - maxRows)} earlier alerts: --json has all", Quiet));
        lines.Add(
            new Text(
                string.Join(
                    Gap,
                    "start".PadRight(Format.Time(default).Length),
                    "end".PadRight(endWidth),
                    "duration".PadLeft(durationWidth),
                    "level".PadRight(7),
                    "alert"),
                Quiet));
        foreach (AlertEpisode episode in shown)
        {
            var line = new Paragraph { Overflow = Overflow.Ellipsis };
            line.Append(Format.Time(episode.Start) + Gap);
            line.Append(
                End(episode).PadRight(endWidth) + Gap,
                new Style(episode.State == AlertEpisodeState.Firing ? Color.Red : Color.Default));
            line.Append(Duration(episode).PadLeft(durationWidth) + Gap);
            line.Append(AlertsView.Level(episode.Level).PadRight(7) + Gap, AlertsView.LevelStyle(episode.Level));
            line.Append(Format.Name(episode.Name, MaxName));
            lines.Add(line);
            var message = new Paragraph();
            if (shared < episode.LogDirectory.Length)
                message.Append(Format.Name(episode.LogDirectory[shared..], MaxRun) + ": ");
            message.Append(Format.Name(episode.Message, MaxMessage), Quiet);
            lines.Add(new Padder(message, new Padding(4, 0, 0, 0)));
        }

        return new Rows(lines);
    }

    /// <summary>Returns the length of the directory that all directories lie in; the length of a directory if there is only one.</summary>
    private static int SharedLength(string[] directories)
    {
        string first = directories[0];
        if (Array.TrueForAll(directories, directory => directory == first))
            return first.Length;
        int same = directories.Min(directory => first.AsSpan().CommonPrefixLength(directory));
        return first.AsSpan(0, same).LastIndexOfAny('/', '\\') + 1;
    }

    private static string End(AlertEpisode episode) => episode switch
    {
        { State: AlertEpisodeState.Firing } => "firing",
        { State: AlertEpisodeState.RunEnded } => "run ended",
        { End: { } end } when end.UtcDateTime.Date == episode.Start.UtcDateTime.Date => Format.Clock(end) + "Z",
        { End: { } end } => Format.Time(end),
        _ => "",
    };

    private static string Duration(AlertEpisode episode) => episode.Duration is { } duration ? Format.Duration(duration) : "";
}
