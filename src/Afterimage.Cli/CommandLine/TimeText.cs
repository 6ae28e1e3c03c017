using System.Globalization;
using System.Text.RegularExpressions;

namespace Afterimage.Cli.CommandLine;

/// <summary>Parses a time as people write it: ISO 8601, an age, the name of a day, or seconds since 1970.</summary>
internal static partial class TimeText
{
    // From this number on, digits are milliseconds: as seconds, they would be in the year 5138.
    private const double FirstMilliseconds = 1e11;

    /// <param name="text">The text.</param>
    /// <param name="now">The current time.</param>
    /// <returns>The time; null if the text is not a time.</returns>
    public static DateTimeOffset? Parse(string text, DateTimeOffset now)
    {
        try
        {
            switch (text.ToLowerInvariant())
            {
                case "now":
                    return now;
                case "today":
                    return new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
                case "yesterday":
                    return new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-1);
                default:
                    break;
            }

            if (Age().Match(text) is { Success: true } age)
            {
                double count = double.Parse(age.Groups["count"].Value, CultureInfo.InvariantCulture);
                return now - (age.Groups["unit"].Value.ToLowerInvariant() switch
                {
                    "s" => TimeSpan.FromSeconds(count),
                    "m" or "min" => TimeSpan.FromMinutes(count),
                    "h" => TimeSpan.FromHours(count),
                    "d" => TimeSpan.FromDays(count),
                    _ => TimeSpan.FromDays(count * 7),
                });
            }

            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double epoch) && epoch >= 1e6)
                return DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(
                    Math.Round(epoch * (epoch < FirstMilliseconds ? 1e6 : 1e3)));
        }
        catch (Exception exception) when (exception is OverflowException or ArgumentOutOfRangeException)
        {
            return null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : null;
    }

    [GeneratedRegex(
        @"^(?<count>\d+(\.\d+)?)\s*(?<unit>s|m|min|h|d|w)$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Age();
}
