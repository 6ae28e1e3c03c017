using System.Globalization;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Creates the SQL for a page of calls. Values of a filter are data in the statement, never part of its text.</summary>
internal static class CallsStatement
{
    /// <exception cref="FormatException">A text of the filter contains a character that no text of the engine can.</exception>
    public static string Of(CallFilter filter)
    {
        List<string> where = [];
        Text(filter.ModelName, value => $"model_name = {value}");
        Text(filter.FinishReason, value => $"finish_reason = {value}");
        Text(filter.Error, value => $"contains(lower(error), lower({value}))");
        Text(filter.Id, value => $"id = {value}");
        Text(filter.TraceId, value => $"trace_id = {value}");
        if (filter.Success is { } success)
            where.Add(success ? "success" : "NOT success");
        if (filter.Tag is { } tag)
            where.Add(
                $"(tags ->> {Literal("$.\"" + tag.Key.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"")}) = {Literal(tag.Value)}");
        Number(filter.MinDuration, value => $"duration >= {value}");
        Number(filter.MaxDuration, value => $"duration <= {value}");
        Number(filter.MinTokens, value => $"total_token_count >= {value}");
        Number(filter.MaxTokens, value => $"total_token_count <= {value}");
        Time(filter.Since, value => $"timestamp >= {value}");
        Time(filter.Until, value => $"timestamp < {value}");

        string conditions = where.Count == 0 ? "" : " WHERE " + string.Join(" AND ", where);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT {string.Join(", ", CallFilter.Columns)}, count(*) OVER () AS matches FROM generations{conditions} "
            + $"ORDER BY {filter.SortColumn} {(filter.IsAscending ? "ASC" : "DESC")} NULLS LAST, timestamp DESC "
            + $"LIMIT {filter.Limit} OFFSET {filter.Offset}");

        void Text(string? text, Func<string, string> condition)
        {
            if (text is not null)
                where.Add(condition(Literal(text)));
        }

        void Number(double? number, Func<string, string> condition)
        {
            if (number is { } given)
                where.Add(condition(given.ToString("R", CultureInfo.InvariantCulture)));
        }

        void Time(DateTimeOffset? time, Func<string, string> condition)
        {
            if (time is not { } given)
                return;
            string text = given.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
            where.Add(condition($"TIMESTAMP '{text}'"));
        }
    }

    /// <summary>Returns the SQL for the evaluations of a generation.</summary>
    /// <exception cref="FormatException">The ID contains a character that no text of the engine can.</exception>
    public static string EvaluationsOf(string id) =>
        "SELECT timestamp, evaluator_type, success, scores, feedback, error FROM evaluations "
        + $"WHERE generation_id = {Literal(id)} ORDER BY timestamp LIMIT 100";

    // The engine's statements are texts that end at a NUL.
    private static string Literal(string text) => text.Contains('\0', StringComparison.Ordinal)
        ? throw new FormatException("A text must not contain a NUL character.")
        : "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
