using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Afterimage.Cli.Commands;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>The log directory that a command reads, and what it says where it cannot.</summary>
internal static class LogInput
{
    public static Argument<string> Argument() =>
        new("LOG_DIR") { Description = "A log directory, or a directory with log directories below it." };

    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description + " ISO 8601; UTC where it has no offset.",
        HelpName = "T",
        CustomParser = result => ParseTime(result, name),
    };

    /// <summary>Does <paramref name="work"/> with the directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="work">What to do with it.</param>
    /// <param name="mustHaveRecords">Whether there must be a file of records.</param>
    /// <returns>What it returned, or the exit code of an interrupted command.</returns>
    /// <exception cref="InputException">It is no log directory, or <paramref name="work"/> could not read or write.</exception>
    public static async Task<int> UseAsync(string directory, Func<LogDirectory, Task<int>> work, bool mustHaveRecords = true)
    {
        try
        {
            LogDirectory log = LogDirectory.Open(directory);
            if (mustHaveRecords && !log.HasRecordFiles)
                throw new InputException($"'{log.Path}' is not a log directory: there is no metrics*.jsonl in it or below it.");
            return await work(log);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException(exception.Message, exception);
        }
    }

    /// <summary>Says on standard error what was left out.</summary>
    public static async Task SaySkippedAsync(long lines, string what = "records")
    {
        if (lines > 0)
            await Console.Error.WriteLineAsync($"afterimage: {Skipped(lines)}: no valid {what}.");
    }

    public static string Skipped(long lines) => lines == 1 ? "1 line was skipped" : $"{Format.Count(lines)} lines were skipped";

    private static DateTimeOffset? ParseTime(ArgumentResult result, string name)
    {
        string text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            return time;
        result.AddError($"{name} is '{Format.Name(text, 40)}', which is no time such as 2026-11-23T14:25:38Z.");
        return null;
    }
}
