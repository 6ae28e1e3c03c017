using System.Text.Json;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary>The report at the end of a run of replay or demo.</summary>
internal static class RunReport
{
    private const int MaxAlerts = 20;

    /// <summary>Runs <paramref name="work"/> with the display, closes the monitor, and writes the report.</summary>
    /// <param name="run">The run. It is disposed here.</param>
    /// <param name="json">Whether the report is JSON.</param>
    /// <param name="work">Records the run.</param>
    /// <param name="look">Returns what the display shows.</param>
    /// <param name="notes">Returns further facts for the summary. Called when the work is finished.</param>
    /// <param name="writeMore">Writes the same facts as properties of the JSON object.</param>
    /// <param name="cancellationToken">A token to cancel the work. What was recorded is still reported.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        MonitoredRun run,
        bool json,
        Func<CancellationToken, Task> work,
        Func<LiveSnapshot> look,
        Func<IEnumerable<(string Name, string Text)>> notes,
        Action<Utf8JsonWriter> writeMore,
        CancellationToken cancellationToken)
    {
        bool interrupted = false;
        using (run)
        {
            Task working = Task.Run(() => work(cancellationToken), CancellationToken.None);
            await RunDisplay.ShowAsync(working, RunDisplay.IsLive(json), look);
            try
            {
                await working;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                interrupted = true;
            }
        }

        RunSummary summary = RunSummary.FromMonitor(run.Monitor);
        MonitorStatistics statistics = run.Monitor.GetStatistics();
        BudgetStatus? budget = run.Budget;
        if (json)
        {
            SummaryJson.Write(summary, writer =>
            {
                if (budget is not null)
                    RunStateJson.WriteBudget(writer, budget);
                RunStateJson.WriteAlertStates(writer, run.Monitor.GetAlerts());
                AlertsJson.WriteAlerts(writer, run.Alerts);
                writeMore(writer);
                writer.WriteBoolean("interrupted", interrupted);
            });
        }
        else
        {
            AnsiConsole.Write(SummaryView.Render(
                summary,
                [.. States(run, budget), .. notes(), ("quantiles", "within 1 %; afterimage summary shows exact values")]));
            if (run.Alerts.Count > 0)
            {
                AnsiConsole.Write(new Text($"alerts ({run.Alerts.Count})\n", new Style(Color.Grey)));
                AnsiConsole.Write(AlertsView.Render(run.Alerts, MaxAlerts));
            }

            string directory = Format.ShortPath(summary.LogDirectory);
            AnsiConsole.Write(new Text($"\nNext: afterimage report \"{directory}\"\n      afterimage summary \"{directory}\"\n"));
        }

        foreach (AlertRule rule in run.Settings.Rules.Where(rule => !run.Monitor.MetricNames.Contains(rule.Metric)))
            await Console.Error.WriteLineAsync(
                $"afterimage: the rule '{Format.Name(rule.Name, 40)}' was never evaluated: "
                + $"no point of the metric '{Format.Name(rule.Metric, 60)}' was recorded.");
        if (statistics.Failed > 0)
            await Console.Error.WriteLineAsync(
                $"afterimage: {Format.Count(statistics.Failed)} records could not be written to '{summary.LogDirectory}'.");
        if (interrupted)
        {
            await Console.Error.WriteLineAsync("afterimage: interrupted; the records until then are kept.");
            return ExitCodes.Interrupted;
        }

        if (budget?.IsSpent == true)
        {
            await Console.Error.WriteLineAsync(
                "afterimage: the budget is spent, "
                + $"{Format.Dollars((double)budget.Spent)} of {Format.Dollars((double)budget.Budget.Limit)}: "
                + $"stopped after {Format.Count(summary.Generations)} generations.");
        }

        return statistics.Failed > 0 ? ExitCodes.NotWritten : budget?.IsSpent == true ? ExitCodes.BudgetSpent : ExitCodes.Success;
    }

    private static IEnumerable<(string Name, string Text)> States(MonitoredRun run, BudgetStatus? budget)
    {
        if (budget is not null)
            yield return ("budget", StateText.Budget(budget));
        if (run.Settings.PricesNote is { } prices)
            yield return ("prices", prices);
        yield return ("alert rules", StateText.Alerts(run.Monitor.GetAlerts()));
    }
}
