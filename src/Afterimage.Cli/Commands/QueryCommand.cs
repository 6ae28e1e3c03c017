using System.CommandLine;
using System.Data.Common;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage query</c>: runs SQL over a log directory.</summary>
internal static class QueryCommand
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

    private const long MemoryForQuery = 2L << 30;
    private const int MaxName = 60;

    public static Command Create()
    {
        var input = new LogInput("SQL");
        var options = new QueryOptions();
        var command = new Command(Name, "Run SQL over generations, evaluations, points, logs and alerts of log directories.");
        options.AddTo(command);
        input.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string[] given = parsed.GetValue(input.Directories) ?? [];
            if (given is [.., var last] && Directory.Exists(last))
                throw new InputException($"The SQL is missing; '{Format.Name(last, 60)}' is a directory.");

            string sql = await QueryOptions.ReadSqlAsync(given[^1], cancellationToken);
            return await input.UseAsync(
                parsed,
                given[..^1],
                log => RunAsync(log, sql, options, parsed, cancellationToken),
                cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        LogDirectory log,
        string sql,
        QueryOptions options,
        ParseResult parsed,
        CancellationToken cancellationToken)
    {
        MemoryLimit.Set(MemoryForQuery);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.TimeLimit(parsed));
        try
        {
            using LogQuery query = await log.QueryAsync(sql, new LogQueryOptions { ValuesAsText = true }, limit.Token);
            await options.WriteAsync(parsed, Columns(query), Rows(query.Reader));
            await LogInput.SaySkippedAsync(query.SkippedLines);
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is DbException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (limit.IsCancellationRequested)
                throw QueryOptions.TookTooLong(options.TimeLimit(parsed), exception);

            // Some errors only occur when a row is read, such as a text that is not a number.
            throw new InputException(LogDirectory.FirstParagraph(exception.Message), exception);
        }
        catch (OutOfMemoryException exception)
        {
            throw new InputException("The query exceeded its memory limit.", exception);
        }
    }

    private static QueryColumn[] Columns(LogQuery query) =>
    [
        .. Enumerable.Range(0, query.Reader.FieldCount).Select(i => new QueryColumn(
            query.Reader.GetName(i),
            query.Reader.GetFieldType(i) == typeof(string),
            i < query.ColumnTypes.Count && LogQuery.IsNested(query.ColumnTypes[i]))),
    ];

    private static IEnumerable<IReadOnlyList<object?>> Rows(DbDataReader reader)
    {
        while (reader.Read())
            yield return [.. Enumerable.Range(0, reader.FieldCount).Select(i => Value(reader, i))];
    }

    private static object? Value(DbDataReader reader, int column)
    {
        try
        {
            return reader.IsDBNull(column) ? null : reader.GetValue(column);
        }
        catch (Exception exception)
            when (exception
                    is InvalidCastException
                        or InvalidOperationException
                        or NotSupportedException
                        or NotImplementedException
                        or NullReferenceException)
        {
            // The binding has no .NET value for some values, such as an infinite time.
            throw new InputException(
                $"The column '{Format.Name(reader.GetName(column), MaxName)}' has values that cannot be shown. Cast it to VARCHAR.",
                exception);
        }
    }
}
