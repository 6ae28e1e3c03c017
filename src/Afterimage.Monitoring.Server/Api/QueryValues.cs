using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>Reads the values of a query. An empty value counts as not given.</summary>
internal static class QueryValues
{
    public static string? Text(this IQueryCollection query, string name) =>
        query[name] is [{ Length: > 0 } text, ..] ? text : null;

    /// <exception cref="FormatException">The value is not a finite number.</exception>
    public static double? Number(this IQueryCollection query, string name) =>
        query.Text(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number
        : throw new FormatException($"{name} must be a number.");

    /// <exception cref="FormatException">The value is not a time.</exception>
    public static DateTimeOffset? Time(this IQueryCollection query, string name) =>
        query.Text(name) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
        : throw new FormatException($"{name} must be a time such as 2026-11-23T14:25:38Z.");

    /// <exception cref="FormatException">The value is not a number of seconds within the limits.</exception>
    public static TimeSpan? Seconds(this IQueryCollection query, string name) =>
        query.Number(name) switch
        {
            null => null,
            > 0 and < 1e9 and var seconds => TimeSpan.FromSeconds(seconds),
            _ => throw new FormatException($"{name} must be a number of seconds above 0 and below 1e9."),
        };

    /// <exception cref="FormatException">The value is no name of the enumeration, as the API writes them.</exception>
    public static T? Enum<T>(this IQueryCollection query, string name)
        where T : struct, Enum =>
        query.OneOf(name, System.Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)) is { } value
            ? System.Enum.Parse<T>(value.Replace("_", "", StringComparison.Ordinal), ignoreCase: true)
            : null;

    /// <exception cref="FormatException">The value is none of these.</exception>
    public static string? OneOf(this IQueryCollection query, string name, IEnumerable<string> values) =>
        query.Text(name) is not { } text || values.Contains(text)
            ? query.Text(name)
            : throw new FormatException($"{name} must be one of {string.Join(", ", values)}.");

    /// <summary>Returns whether the order is ascending.</summary>
    /// <exception cref="FormatException">The order is neither.</exception>
    public static bool IsAscending(this IQueryCollection query) => query.OneOf("order", ["asc", "desc"]) == "asc";
}
