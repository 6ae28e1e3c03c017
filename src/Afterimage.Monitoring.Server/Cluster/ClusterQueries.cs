using System.Diagnostics;
using System.Globalization;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Questions;
using Afterimage.Monitoring.Server.Runs;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Cluster;

/// <summary>Queries rows from the cluster.</summary>
/// <param name="fleet">The fleet.</param>
/// <param name="options">The limits.</param>
internal sealed class ClusterQueries(Fleet fleet, GenerationServerOptions options)
{
    private static readonly HashSet<string> Texts = new(StringComparer.Ordinal)
    {
        "model_name", "finish_reason", "error", "provider", "operation", "request_model", "id", "trace_id", "span_id", "tags",
        "evaluator_type", "scores", "feedback",
    };

    private static readonly HashSet<string> Flags = new(StringComparer.Ordinal) { "success", "usage_missing" };

    /// <summary>Returns the result of <paramref name="ask"/>.</summary>
    /// <exception cref="QueryException">The cluster cannot be reached, or refuses.</exception>
    public static async Task<T> GuardAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (FleetException e)
        {
            // The cluster refuses a statement that is not valid; otherwise, no node was well.
            throw new QueryException(
                ErrorCodes.IsOfNode(e.ErrorCode) ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status422UnprocessableEntity,
                e.FirstLine(),
                e);
        }
    }

    public async Task<QueryAnswer> FindCallsAsync(ClusterRun run, CallFilter filter, CancellationToken cancellationToken)
    {
        string where = Where(run, filter);
        string sort = Column(filter.SortColumn);
        string hasNone = Texts.Contains(filter.SortColumn) ? $"{sort} = '', " : $"{sort} IS NULL, ";
        string columns = string.Join(", ", CallFilter.Columns.Select(Column));
        QueryAnswer page = await RunAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"SELECT {columns} FROM generations WHERE {where} "
                + $"ORDER BY {hasNone}{sort} {(filter.IsAscending ? "ASC" : "DESC")}, ticks DESC, file DESC, line DESC "
                + $"LIMIT {filter.Offset}, {filter.Limit}"),
            CallFilter.Columns,
            cancellationToken);
        QueryAnswer count = await RunAsync($"SELECT count() FROM generations WHERE {where}", ["matches"], cancellationToken);
        return page with
        {
            Columns = [.. page.Columns, .. count.Columns],
            Rows = [.. page.Rows.Select(row => (object?[])[.. row, count.Rows[0][0]])],
            SkippedLines = SkippedLines(run),
            Seconds = page.Seconds + count.Seconds,
        };
    }

    public async Task<QueryAnswer> FindEvaluationsAsync(ClusterRun run, string generationId, CancellationToken cancellationToken)
    {
        string[] columns = ["timestamp", "evaluator_type", "success", "scores", "feedback", "error"];
        QueryAnswer answer = await RunAsync(
            $"SELECT {string.Join(", ", columns.Select(Column))} FROM evaluations "
            + $"WHERE {FilterSql.OfRuns([run.FleetId])} AND generation_id = {TabSeparated.Quote(generationId)} ORDER BY ticks LIMIT 100",
            columns,
            cancellationToken);
        return answer with { SkippedLines = SkippedLines(run) };
    }

    private static long SkippedLines(ClusterRun run) => run.Figures?.SkippedLines ?? 0;

    /// <summary>Runs a statement of a person.</summary>
    public Task<QueryAnswer> QueryAsync(string sql, CancellationToken cancellationToken) => RunAsync(sql, null, cancellationToken);

    private static string Where(ClusterRun run, CallFilter filter)
    {
        List<string> all = [FilterSql.OfRuns([run.FleetId])];
        Text("model_name", filter.ModelName);
        Text("finish_reason", filter.FinishReason);
        Text("id", filter.Id);
        Text("trace_id", filter.TraceId);
        if (filter.Error is { } error)
            all.Add($"positionCaseInsensitiveUTF8(error, {TabSeparated.Quote(error)}) > 0");
        if (filter.Success is { } success)
            all.Add($"success = {(success ? 1 : 0)}");
        if (filter.Tag is { } tag)
            all.Add(FilterSql.WithTag(tag.Key, tag.Value));
        Compare("duration >=", filter.MinDuration);
        Compare("duration <=", filter.MaxDuration);
        Compare("total_token_count >=", filter.MinTokens);
        Compare("total_token_count <=", filter.MaxTokens);
        if (filter.Since is { } since)
            all.Add($"ticks >= {FilterSql.Ticks(since)}");
        if (filter.Until is { } until)
            all.Add($"ticks < {FilterSql.Ticks(until)}");
        return string.Join(" AND ", all);

        void Text(string column, string? value)
        {
            if (value is not null)
                all.Add($"{column} = {TabSeparated.Quote(value)}");
        }

        void Compare(string condition, double? number)
        {
            if (number is { } given)
                all.Add($"{condition} {given.ToString("R", CultureInfo.InvariantCulture)}");
        }
    }

    // The time of a view has whole seconds only.
    private static string Column(string key) => key == "timestamp" ? "ticks" : key;

    /// <param name="sql">The statement.</param>
    /// <param name="keys">The keys of the columns if they are those of the log format; null if the statement is somebody's.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    private Task<QueryAnswer> RunAsync(string sql, IReadOnlyList<string>? keys, CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            long began = Stopwatch.GetTimestamp();
            var limits = new FleetQueryOptions
            {
                Timeout = options.QueryTimeLimit < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : options.QueryTimeLimit,
                MaxRows = options.MaxQueryRows,
            };
            await using FleetQuery query = await fleet.QueryAsync(sql, limits, cancellationToken);
            bool areKeys = keys is not null;
            QueryColumn[] columns =
            [
                .. (keys ?? query.ColumnNames).Select((name, i) => new QueryColumn(name, Kind(name, query.ColumnTypes[i], areKeys))),
            ];
            List<object?[]> rows = [];
            await foreach (IReadOnlyList<object?> row in query.ReadRowsAsync(cancellationToken))
                rows.Add([.. row.Select((value, i) => value is null ? null : OfKey(keys?[i], value))]);
            return new QueryAnswer(columns, rows, query.HasMore, 0, Stopwatch.GetElapsedTime(began).TotalSeconds);
        });

    private static string Kind(string name, string type, bool isKey)
    {
        string inner = FleetQuery.TypeOfValues(type);
        return (isKey && name == "timestamp") || inner is "Date" or "DateTime('UTC')" ? "time"
            : isKey && Flags.Contains(name) ? "flag"
            : inner.StartsWith("Int", StringComparison.Ordinal)
                || inner.StartsWith("UInt", StringComparison.Ordinal)
                || inner.StartsWith("Float", StringComparison.Ordinal)
                || inner.StartsWith("Decimal", StringComparison.Ordinal)
                ? "number"
                : "text";
    }

    // In the cluster, a text that was not given is empty.
    private static object? OfKey(string? key, object value) =>
        key is null ? QueryCell.Shown(value)
        : key == "timestamp" && value is long ticks ? QueryCell.Shown(FleetFigures.Time(ticks).UtcDateTime)
        : Flags.Contains(key) ? Convert.ToInt64(value, CultureInfo.InvariantCulture) != 0
        : Texts.Contains(key) && value is "" ? null
        : QueryCell.Shown(value);
}
