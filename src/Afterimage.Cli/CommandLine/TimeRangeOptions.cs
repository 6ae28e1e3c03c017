using System.CommandLine;

namespace Afterimage.Cli.CommandLine;

/// <summary>The options that select a range of times.</summary>
internal sealed class TimeRangeOptions
{
    private readonly Option<DateTimeOffset?> _since = Time("--since", "Read only what was recorded at T or later");
    private readonly Option<DateTimeOffset?> _until = Time("--until", "Read only what was recorded before T");

    /// <summary>Creates an option whose value is a time.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description + ": an ISO 8601 time, 90m, 1h, 7d, today, yesterday, or seconds since 1970. Times are UTC.",
        HelpName = "T",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (TimeText.Parse(text, TimeProvider.System.GetUtcNow()) is { } time)
                return time;
            result.AddError($"{name} must be a time such as 2026-11-23T14:25:38Z, 1h or yesterday, not '{Format.Name(text, 40)}'.");
            return null;
        },
    };

    public void AddTo(Command command)
    {
        command.Add(_since);
        command.Add(_until);
    }

    /// <summary>Returns the range of the command line; null is no bound.</summary>
    /// <exception cref="InputException">The range is empty.</exception>
    public (DateTimeOffset? Since, DateTimeOffset? Until) Range(ParseResult parsed)
    {
        (DateTimeOffset? since, DateTimeOffset? until) = (parsed.GetValue(_since), parsed.GetValue(_until));
        return since >= until ? throw new InputException("--since must be before --until.") : (since, until);
    }
}
