using Afterimage.Monitoring.Server.Runs;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>Reads a <see cref="CallFilter"/> from a request.</summary>
internal static class CallFilters
{
    /// <exception cref="FormatException">A value in the request is not valid; the message says which.</exception>
    public static CallFilter Of(IQueryCollection query, int offset, int limit)
    {
        return new CallFilter
        {
            ModelName = query.Text("model"),
            Success = query.OneOf("success", ["true", "false"]) is { } success ? success == "true" : null,
            Error = query.Text("error"),
            FinishReason = query.Text("finish_reason"),
            Tag = query.Text("tag") is { } tag ? Tag(tag) : null,
            MinDuration = query.Number("min_duration"),
            MaxDuration = query.Number("max_duration"),
            MinTokens = query.Number("min_tokens"),
            MaxTokens = query.Number("max_tokens"),
            Since = query.Time("since"),
            Until = query.Time("until"),
            Id = query.Text("id"),
            TraceId = query.Text("trace"),
            SortColumn = query.OneOf("sort", CallFilter.SortColumns) ?? "timestamp",
            IsAscending = query.IsAscending(),
            Offset = offset,
            Limit = limit,
        };
    }

    private static KeyValuePair<string, string> Tag(string text)
    {
        int end = text.IndexOf('=', StringComparison.Ordinal);
        return end < 1 ? throw new FormatException("tag must have the form KEY=VALUE.") : new(text[..end], text[(end + 1)..]);
    }
}
