using System.Globalization;
using Afterimage.Monitoring.Server.Runs;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>Reads a <see cref="CallFilter"/> from a request.</summary>
internal static class CallFilters
{
    /// <exception cref="FormatException">A value in the request is not valid; the message says which.</exception>
    public static CallFilter Of(IQueryCollection query, int offset, int limit)
    {
        string sort = Given("sort") ?? "timestamp";
        return new CallFilter
        {
            ModelName = Given("model"),
            Success = Given("success") switch
            {
                null => null,
                "true" => true,
                "false" => false,
                _ => throw new FormatException("success must be true or false."),
            },
            Error = Given("error"),
            FinishReason = Given("finish_reason"),
            Tag = Given("tag") is { } tag ? Tag(tag) : null,
            MinDuration = Number("min_duration"),
            MaxDuration = Number("max_duration"),
            MinTokens = Number("min_tokens"),
            MaxTokens = Number("max_tokens"),
            Since = Time("since"),
            Until = Time("until"),
            Id = Given("id"),
            TraceId = Given("trace"),
            SortColumn = CallFilter.SortColumns.Contains(sort)
                ? sort
                : throw new FormatException($"sort must be one of {string.Join(", ", CallFilter.SortColumns)}."),
            IsAscending = Given("order") == "asc",
            Offset = offset,
            Limit = limit,
        };

        string? Given(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

        double? Number(string name) =>
            Given(name) is not { } text ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number
            : throw new FormatException($"{name} must be a number.");

        DateTimeOffset? Time(string name) =>
            Given(name) is not { } text ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
            : throw new FormatException($"{name} must be a time such as 2026-11-23T14:25:38Z.");
    }

    private static KeyValuePair<string, string> Tag(string text)
    {
        int end = text.IndexOf('=', StringComparison.Ordinal);
        return end < 1 ? throw new FormatException("tag must have the form KEY=VALUE.") : new(text[..end], text[(end + 1)..]);
    }
}
