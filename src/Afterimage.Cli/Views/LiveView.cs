using System.Globalization;
using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows a run in progress: a display of constant height on a terminal; otherwise, a line from time to time.</summary>
internal static class LiveView
{
    private const int BarWidth = 24;
    private const int MaxModels = 5;
    private const int MaxAlerts = 3;

    public static IRenderable Render(LiveSnapshot run)
    {
        var head = new Paragraph();
        head.Append(run.Title, new Style(decoration: Decoration.Bold));
        head.Append("  " + run.Note, new Style(Color.Grey));

        var clock = new Paragraph();
        clock.Append(Format.Time(run.Now) + "  ");
        if (run.Progress is { } progress)
        {
            int done = (int)Math.Round(Math.Clamp(progress, 0, 1) * BarWidth);
            clock.Append(new string('━', done), new Style(Color.Green));
            clock.Append(new string('━', BarWidth - done), new Style(Color.Grey));
            clock.Append(" " + (Math.Clamp(progress, 0, 1) * 100).ToString("0", CultureInfo.InvariantCulture) + " %");
        }

        Table rates = Tables.Create("last five minutes", "p50", "p95", "p99");
        rates.AddRow(Row("generation time", run.Latency));
        rates.AddRow(Row("time to first token", run.FirstToken));

        var facts = new Grid { Expand = false };
        for (int i = 0; i < 4; i++)
            facts.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 3, 0) });
        facts.AddRow(
            Fact("generations ", Format.Count(run.Generations)),
            Fact("rate ", Rate(run.Rate)),
            Fact("success ", Format.Percent(run.Success), run.Success < 0.8 ? Color.Red : Color.Green),
            Fact("errors ", Format.Percent(run.Errors), run.Errors > 0.2 ? Color.Red : Color.Green));

        List<IRenderable> parts = [head, clock, new Text(""), facts];
        if (run.Cost is not null)
            parts.Add(Money(run));
        if (run.Rules.Count > 0)
            parts.Add(
                Fact("alert rules ", StateText.Alerts(run.Rules), run.Rules.Any(rule => rule.State == AlertState.Firing) ? Color.Red : null)
            );
        parts.Add(rates);
        if (run.Tokens.ByModel.Count > 0)
            parts.Add(TokensView.Render(run.Tokens, run.Calls, MaxModels, run.Cost));
        if (run.Alerts.Count > 0)
            parts.Add(AlertsView.Render(run.Alerts, MaxAlerts));
        return new Rows(parts);
    }

    public static string Line(LiveSnapshot run)
    {
        string progress = run.Progress is { } done ? (done * 100).ToString("0", CultureInfo.InvariantCulture) + " %, " : "";
        string latency = run.Latency is { } q
            ? $", p50 {Format.Seconds(q.P50)}, p95 {Format.Seconds(q.P95)}, p99 {Format.Seconds(q.P99)}"
            : "";
        return $"{Format.Time(run.Now)} {progress}{Format.Count(run.Generations)} generations, {Rate(run.Rate)}, "
            + $"success {Format.Percent(run.Success)}{latency}, "
            + $"{Format.Count(run.Tokens.TotalTokens)} tokens"
            + (run.Cost is { } cost ? $", {Format.Dollars((double)cost.TotalUsd)}" : "")
            + (run.Budget is { } budget ? $", budget {StateText.Budget(budget)}" : "")
            + (run.Rules.Any(rule => rule.State is AlertState.Firing or AlertState.Pending) ? $", {StateText.Alerts(run.Rules)}" : "");
    }

    private static Columns Money(LiveSnapshot run)
    {
        List<IRenderable> facts = [Fact("cost ", Format.Dollars((double)run.Cost!.TotalUsd))];
        if (run.Budget is { } budget)
            facts.Add(Fact("budget ", StateText.Budget(budget), budget.IsSpent ? Color.Red : null));
        if (run.Cost.UnpricedTokenCount > 0)
            facts.Add(Fact("without a price ", $"{Format.Count(run.Cost.UnpricedTokenCount)} tokens", Color.Yellow));
        return new Columns(facts) { Expand = false, Padding = new Padding(0, 0, 3, 0) };
    }

    private static string Rate(double rate) => rate.ToString("0.0", CultureInfo.InvariantCulture) + "/s";

    private static Paragraph Fact(string name, string value, Color? color = null)
    {
        var fact = new Paragraph();
        fact.Append(name, new Style(Color.Grey));
        fact.Append(value, new Style(color, decoration: Decoration.Bold));
        return fact;
    }

    private static Text[] Row(string name, Quantiles? quantiles) => quantiles is { } q
        ? [new Text(name), Tables.Number(Format.Seconds(q.P50)), Tables.Number(Format.Seconds(q.P95)), Tables.Number(Format.Seconds(q.P99))]
        : [new Text(name), Tables.Number("-"), Tables.Number("-"), Tables.Number("-")];
}
