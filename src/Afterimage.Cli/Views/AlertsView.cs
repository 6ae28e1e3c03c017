using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows alerts, one per line, in the order in which they were announced.</summary>
internal static class AlertsView
{
    public static IRenderable Render(IReadOnlyList<Alert> alerts, int maxRows)
    {
        var grid = new Grid { Expand = false };
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) })
            .AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) })
            .AddColumn(new GridColumn { Padding = new Padding(0) });
        foreach (Alert alert in alerts.Skip(Math.Max(0, alerts.Count - maxRows)))
        {
            grid.AddRow(
                new Text(Format.Clock(alert.Timestamp), new Style(Color.Grey)),
                alert.IsResolved ? new Text("over", new Style(Color.Green)) : new Text(Level(alert.Level), LevelStyle(alert.Level)),
                new Text(Format.Name(alert.Message, 200)));
        }

        return grid;
    }

    public static string Level(AlertLevel level) => level switch
    {
        AlertLevel.Error => "error",
        AlertLevel.Warning => "warning",
        _ => "info",
    };

    public static Style LevelStyle(AlertLevel level) => new(level switch
    {
        AlertLevel.Error => Color.Red,
        AlertLevel.Warning => Color.Yellow,
        _ => Color.Blue,
    });
}
