using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>Creates the SQL for a page of calls from a request. Values from the request are data in the statement, never part of its
/// text.</summary>
internal static class CallsStatement
{
    private static readonly string[] Columns =
    [
        "timestamp", "success", "model_name", "duration", "time_to_first_token", "prompt_token_count", "completion_token_count",
        "total_token_count", "cost_usd", "unpriced_token_count", "finish_reason", "error", "provider", "operation", "request_model",
        "cached_prompt_token_count", "reasoning_token_count", "conversation_length", "usage_missing", "id", "trace_id", "span_id", "tags",
    ];

    private static readonly string[] Sorted =
    [
        "timestamp", "success", "model_name", "duration", "time_to_first_token", "prompt_token_count", "completion_token_count",
        "total_token_count", "cost_usd", "finish_reason", "error",
    ];

    /// <exception cref="FormatException">A value in the request is not valid; the message says which.</exception>
    public static string Of(IQueryCollection query, int offset, int limit)
    {
        List<string> where = [];
        Text("model", value => $"model_name = {value}");
        Text("finish_reason", value => $"finish_reason = {value}");
        Text("error", value => $"contains(lower(error), lower({value}))");
        Text("id", value => $"id = {value}");
        Text("trace", value => $"trace_id = {value}");
        if (Given("success") is { } success)
            where.Add(success switch
            {
                "true" => "success",
                "false" => "NOT success",
                _ => throw new FormatException("success must be true or false."),
            });
        if (Given("tag") is { } tag)
        {
            int end = tag.IndexOf('=', StringComparison.Ordinal);
            if (end < 1)
                throw new FormatException("tag must have the form KEY=VALUE.");
            where.Add(
                $"tags ->> {Literal("$.\"" + tag[..end].Replace("\"", "\\\"", StringComparison.Ordinal) + "\"")} "
                + $"= {Literal(tag[(end + 1)..])}");
        }

        Number("min_duration", value => $"duration >= {value}");
        Number("max_duration", value => $"duration <= {value}");
        Number("min_tokens", value => $"total_token_count >= {value}");
        Number("max_tokens", value => $"total_token_count <= {value}");
        Time("since", value => $"timestamp >= {value}");
        Time("until", value => $"timestamp < {value}");

        string sort = Given("sort") ?? "timestamp";
        if (!Sorted.Contains(sort))
            throw new FormatException($"sort must be one of {string.Join(", ", Sorted)}.");
        string order = Given("order") == "asc" ? "ASC" : "DESC";
        string conditions = where.Count == 0 ? "" : " WHERE " + string.Join(" AND ", where);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT {string.Join(", ", Columns)}, count(*) OVER () AS matches FROM generations{conditions} "
            + $"ORDER BY {sort} {order} NULLS LAST, timestamp DESC LIMIT {limit} OFFSET {offset}");

        string? Given(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

        void Text(string name, Func<string, string> condition)
        {
            if (Given(name) is { } text)
                where.Add(condition(Literal(text)));
        }

        void Number(string name, Func<string, string> condition)
        {
            if (Given(name) is not { } text)
                return;
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
                throw new FormatException($"{name} must be a number.");
            where.Add(condition(number.ToString("R", CultureInfo.InvariantCulture)));
        }

        void Time(string name, Func<string, string> condition)
        {
            if (Given(name) is not { } text)
                return;
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
                throw new FormatException($"{name} must be a time such as 2026-11-23T14:25:38Z.");
            where.Add(condition($"TIMESTAMP '{time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}'"));
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
