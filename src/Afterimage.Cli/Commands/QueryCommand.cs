using System.CommandLine;
using System.CommandLine.Parsing;
using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage query</c>: runs SQL over a log directory.</summary>
internal static partial class QueryCommand
{
    public const string Name = "query";

    public static readonly CommandHelp Help = new(
        """
        The dialect is DuckDB's. The views are generations, evaluations,
        judged_generations, points, logs and alerts. Their columns are the keys of the
        log format; DESCRIBE generations lists them. Times are UTC. The statement sees
        the records as they were at its start, and cannot reach other files. It must be
        a single read-only statement, without functions that reach beyond the records.
        In CSV, an apostrophe precedes a text that a spreadsheet would run as a formula.
        A query that exceeds its time limit, or about 2 GiB of memory (on Linux), ends
        with exit code 2.
        """,
        [
            "afterimage query \"SELECT model_name, count(*) AS calls,\n"
                + "    quantile_disc(duration, 0.95) AS p95 FROM generations GROUP BY ALL\"\n"
                + "# over the newest run below ./.afterimage-monitoring",
            "afterimage query runs/today \"FROM logs WHERE level = 'error'\" --since 1h --json",
            "afterimage query runs/monday runs/tuesday - < latency.sql",
            "afterimage query runs/today \"DESCRIBE points\"",
        ]);

    private const int MaxTableRows = 1000;
    private const long DefaultMaxRows = 1_000_000;
    private const long MemoryForQuery = 2L << 30;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(5);

    private enum Output
    {
        Table,
        Csv,
        Json,
    }

    public static Command Create()
    {
        var input = new LogInput("SQL");
        var format = new Option<Output>("--format")
        {
            Description = "Print the rows in this format; a table has at most 1,000 rows. [default: table]",
            HelpName = "table|csv|json",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON array, like --format json." };
        var timeout = new Option<TimeSpan>("--timeout")
        {
            Description = "Stop the query after this time, such as 30s or 10m; 0 sets no limit. [default: 5m]",
            HelpName = "TIME",
            CustomParser = ParseTimeout,
        };
        var maxRows = new Option<long>("--max-rows")
        {
            Description = "Print at most N rows.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultMaxRows,
            CustomParser = result => WholeNumber.ParseLong(result, "--max-rows", 1),
        };
        var command = new Command(Name, "Run SQL over generations, evaluations, points, logs and alerts of log directories.")
        {
            format, json, timeout, maxRows,
        };
        input.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string[] given = parsed.GetValue(input.Directories) ?? [];
            if (given is [.., var last] && Directory.Exists(last))
                throw new InputException($"The SQL is missing; '{Format.Name(last, 60)}' is a directory.");

            string sql = given[^1] == "-" ? await Console.In.ReadToEndAsync(cancellationToken) : given[^1];
            if (string.IsNullOrWhiteSpace(sql))
                throw new InputException("The SQL must not be empty.");
            return await input.UseAsync(
                parsed,
                given[..^1],
                log => RunAsync(
                    log,
                    sql,
                    parsed.GetValue(json) ? Output.Json : parsed.GetValue(format),
                    parsed.GetResult(timeout) is null ? DefaultTimeout : parsed.GetValue(timeout),
                    parsed.GetValue(maxRows),
                    cancellationToken),
                cancellationToken);
        });
        return command;
    }

    private static TimeSpan ParseTimeout(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (text == "0")
            return Timeout.InfiniteTimeSpan;
        if (Duration().Match(text) is { Success: true } match
            && double.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture) is > 0 and < 1e6 and var count)
        {
            return match.Groups["unit"].Value.ToLowerInvariant() switch
            {
                "ms" => TimeSpan.FromMilliseconds(count),
                "m" or "min" => TimeSpan.FromMinutes(Math.Min(count, 10_000)),
                "h" => TimeSpan.FromHours(Math.Min(count, 500)),
                _ => TimeSpan.FromSeconds(count),
            };
        }

        result.AddError($"--timeout must be a time such as 30s or 10m, not '{Format.Name(text, 40)}'.");
        return default;
    }

    private static async Task<int> RunAsync(
        LogDirectory log,
        string sql,
        Output format,
        TimeSpan timeout,
        long maxRows,
        CancellationToken cancellationToken)
    {
        MemoryLimit.Set(MemoryForQuery);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            using LogQuery query = await log.QueryAsync(sql, new LogQueryOptions { ValuesAsText = true }, limit.Token);
            var rows = new QueryRows(query, format == Output.Table ? Math.Min(MaxTableRows, maxRows) : maxRows);
            switch (format)
            {
                case Output.Csv:
                    rows.WriteCsv();
                    break;
                case Output.Json:
                    rows.WriteJson();
                    break;
                case Output.Table:
                default:
                    rows.WriteTable();
                    break;
            }

            if (rows.HasMore && format != Output.Table)
                await Console.Error.WriteLineAsync($"afterimage: only the first {Format.Count(maxRows)} rows; use --max-rows N for more.");
            await LogInput.SaySkippedAsync(query.SkippedLines);
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is DbException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (limit.IsCancellationRequested)
                throw new InputException($"The query took longer than {timeout.TotalSeconds:0.###} s (--timeout).", exception);

            // Some errors only occur when a row is read, such as a text that is not a number.
            throw new InputException(LogDirectory.FirstParagraph(exception.Message), exception);
        }
        catch (OutOfMemoryException exception)
        {
            throw new InputException("The query exceeded its memory limit.", exception);
        }
    }

    [GeneratedRegex(
        @"^(?<count>\d+(\.\d+)?)(?<unit>ms|s|m|min|h)?$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}
