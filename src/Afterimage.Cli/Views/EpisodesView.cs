using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows alerts from start to end, or only the last ones if there are many. Each has a line of figures and its message on the next
/// line.</summary>
internal static class EpisodesView
{
    private const int MaxName = 30;
    private const int MaxMessage = 200;
    private const string Gap = "  ";

    private static readonly Style Quiet = new(Color.Grey);

    public static IRenderable Render(IReadOnlyList<AlertEpisode> episodes, int maxRows)
    {
        AlertEpisode[] shown = [.. episodes.Skip(Math.Max(0, episodes.Count - maxRows))];
        int endWidth = shown.Max(episode => End(episode).Length);
        int durationWidth = Math.Max("duration".Length, shown.Max(episode => Duration(episode).Length));

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
            lines.Add(new Padder(new Text(Format.Name(episode.Message, MaxMessage), Quiet), new Padding(4, 0, 0, 0)));
        }

        return new Rows(lines);
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
