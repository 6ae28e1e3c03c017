using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary>The commands of <c>afterimage fleet</c> that ask the cluster what the commands of the same names ask log
/// directories.</summary>
internal static class FleetQuestions
{
    public static readonly CommandHelp RunsHelp = new(
        """
        Lists the runs in the fleet, newest first. The state is the one that the shipper
        of the run saw last: "running" means that the process was alive, "killed" that it
        ended without recording its end. With --since or --until, runs that were over
        before or began after are left out. --model and --tag select calls, not runs. A
        cost with "+?" is incomplete: tokens have no price, or calls have no usage.
        """,
        [
            "afterimage fleet runs --url http://node1:8123",
            "afterimage fleet runs --url http://node1:8123 --service checkout --since 1d --json | jq '.runs[].cost_usd'",
        ]);

    public static readonly CommandHelp SummaryHelp = new(
        """
        The figures are those of afterimage summary over the same records. Counts, sums,
        minima and maxima are exact; quantiles are within 1 %. The servers add up what
        they have, and only sums are transferred. Skipped lines and dropped records are
        those of the selected runs, whatever model and tag are selected.
        """,
        [
            "afterimage fleet summary --url http://node1:8123 --since 1h",
            "afterimage fleet summary demo --url http://node1:8123 --by model",
            "afterimage fleet summary --url http://node1:8123 --service checkout --tag tenant=acme --json | jq .cost",
        ]);

    public static readonly CommandHelp CompareHelp = new(
        """
        Compares runs by name or ID, as afterimage compare does; its help describes the
        tests and --fail-on. If several runs have a name, they count as one. Quantiles
        and their intervals are within 1 %. The other options select the records of all
        runs, such as those of one model.
        """,
        [
            "afterimage fleet compare monday tuesday --url http://node1:8123",
            "afterimage fleet compare main branch --url http://node1:8123 --fail-on \"p95 generation_time > +10%\"",
        ]);

    public static readonly CommandHelp AlertsHelp = new(
        """
        Reads the newest 10,000 alerts of the selected runs. Each row is one alert, from
        its first announcement to its end, as in afterimage alerts.
        """,
        [
            "afterimage fleet alerts --url http://node1:8123 --since 1d",
            "afterimage fleet alerts demo --url http://node1:8123 --json | jq '.episodes[] | select(.state == \"firing\")'",
        ]);

    public static readonly CommandHelp QueryHelp = new(
        """
        Runs one statement in ClickHouse's dialect, which can only read. Tables and
        views are found without the name of the database: generations, evaluations,
        points, alerts, logs and runs (docs/fleet.md). The time limit is kept by the
        servers. Arrays are printed as ClickHouse writes them. In CSV, an apostrophe
        precedes a text that a spreadsheet would run as a formula.
        """,
        [
            "afterimage fleet query --url http://node1:8123 \"SELECT model_name, count() AS calls,\n"
                + "    quantileExact(0.95)(duration) AS p95 FROM generations GROUP BY model_name\"",
            "afterimage fleet query --url http://node1:8123 \"DESCRIBE generations\"",
            "afterimage fleet query --url http://node1:8123 --format csv - < costs.sql",
        ]);

    public static IEnumerable<Command> Create() => [CreateRuns(), CreateSummary(), CreateCompare(), CreateAlerts(), CreateQuery()];

    private static Command CreateRuns()
    {
        Option<int> limit = RunsCommand.Limit();
        Option<bool> json = CommonOptions.Json();
        var command = new Command("runs", "List the runs in the fleet.") { limit, json };
        (FleetConnection connection, FleetFilterOptions filter) = AddOptions(command);
        command.SetAction((parsed, cancellationToken) => connection.UseAsync(parsed, async fleet =>
        {
            FleetFilter selected = filter.Filter(parsed);
            FleetRuns runs = await fleet.FindRunsAsync(selected, parsed.GetValue(limit), cancellationToken);
            return await RunsCommand.PrintAsync(
                [.. runs.Latest.Select(ListedRun.Of)],
                runs.Count,
                ("fleet", connection.Name(parsed, selected)),
                parsed.GetValue(json),
                hasHosts: true);
        }));
        return command;
    }

    private static Command CreateSummary()
    {
        Argument<string?> run = FleetFilterOptions.Run();
        Option<SummaryKey?> by = CommonOptions.By();
        Option<bool> json = CommonOptions.Json();
        var command = new Command("summary", "Summarize runs in the fleet.") { run, by, json };
        (FleetConnection connection, FleetFilterOptions filter) = AddOptions(command);
        command.SetAction((parsed, cancellationToken) => connection.UseAsync(parsed, async fleet =>
        {
            FleetFilter selected = filter.Filter(parsed, parsed.GetValue(run));
            if (parsed.GetValue(by) is { } key)
            {
                return await SummaryCommand.PrintAsync(
                    connection.Name(parsed, selected),
                    key,
                    await fleet.SummarizeByAsync(key, selected, cancellationToken),
                    parsed.GetValue(json));
            }

            RunSummary summary = await fleet.SummarizeAsync(selected, cancellationToken);
            if (parsed.GetValue(json))
                JsonOutput.Write(summary.WriteProperties);
            else
                AnsiConsole.Write(SummaryView.Render(summary, [], place: "fleet"));
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command CreateCompare()
    {
        var runs = new Argument<string[]>("RUN")
        {
            Description = "Compare these runs, by their names or IDs; changes are measured from the first.",
            HelpName = "A B...",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("compare", "Compare runs in the fleet, and show which differences are beyond chance.") { runs };
        var options = new ComparisonOptions();
        options.AddTo(command);
        (FleetConnection connection, FleetFilterOptions filter) = AddOptions(command);
        command.SetAction((parsed, cancellationToken) => connection.UseAsync(parsed, async fleet =>
        {
            string[] given = parsed.GetRequiredValue(runs);
            if (given.Length < 2)
                throw new InputException("At least two runs must be given.");
            FleetFilter[] selected = [.. given.Select(run => filter.Filter(parsed, run))];
            IReadOnlyList<RunComparison> comparisons = await fleet.CompareAsync(selected[0], selected[1..], cancellationToken);
            return await options.PrintAsync(parsed, comparisons);
        }));
        return command;
    }

    private static Command CreateAlerts()
    {
        Argument<string?> run = FleetFilterOptions.Run();
        Option<bool> json = CommonOptions.Json();
        var command = new Command("alerts", "Show which alerts fired in the fleet, when, and for how long.") { run, json };
        (FleetConnection connection, FleetFilterOptions filter) = AddOptions(command, hasRecords: false);
        command.SetAction((parsed, cancellationToken) => connection.UseAsync(parsed, async fleet =>
            await AlertsCommand.PrintAsync(
                await fleet.ReadAlertsAsync(filter.Filter(parsed, parsed.GetValue(run)), cancellationToken: cancellationToken),
                parsed.GetValue(json))));
        return command;
    }

    private static Command CreateQuery()
    {
        var sql = new Argument<string>("SQL") { Description = "Run this statement; - reads it from standard input." };
        var command = new Command("query", "Run SQL over the fleet, in ClickHouse's dialect.") { sql };
        var options = new QueryOptions();
        options.AddTo(command);
        var connection = new FleetConnection();
        connection.AddTo(command);
        command.SetAction((parsed, cancellationToken) => connection.UseAsync(parsed, async fleet =>
        {
            string statement = await QueryOptions.ReadSqlAsync(parsed.GetRequiredValue(sql), cancellationToken);
            await using FleetQuery query = await fleet.QueryAsync(
                statement,
                new FleetQueryOptions { Timeout = options.TimeLimit(parsed), MaxRows = options.RowLimit(parsed) + 1 },
                cancellationToken);
            await options.WriteAsync(
                parsed,
                Columns(query),
                query.ReadRowsAsync(cancellationToken).ToBlockingEnumerable(cancellationToken));
            return ExitCodes.Success;
        }));
        return command;
    }

    private static QueryColumn[] Columns(FleetQuery query) =>
        [.. query.ColumnNames.Zip(query.ColumnTypes, (name, type) => new QueryColumn(name, IsText(type), IsJson: false))];

    private static bool IsText(string type) =>
        !type.Contains("Int", StringComparison.Ordinal) && !type.Contains("Float", StringComparison.Ordinal)
        && !type.Contains("Decimal", StringComparison.Ordinal);

    private static (FleetConnection Connection, FleetFilterOptions Filter) AddOptions(Command command, bool hasRecords = true)
    {
        var filter = new FleetFilterOptions();
        filter.AddTo(command, hasRecords);
        var connection = new FleetConnection();
        connection.AddTo(command);
        return (connection, filter);
    }
}
