using System.CommandLine;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

internal static class CommonOptions
{
    public static Option<string?> LogDirectory() => new("--log-dir")
    {
        Description = "Write the run to this log directory. [default: a new directory below ./.afterimage-monitoring]",
        HelpName = "DIR",
    };

    public static Option<bool> Json() => new("--json")
    {
        Description = "Print one JSON object to standard output, and everything else to standard error.",
    };

    public static Option<SummaryKey?> By()
    {
        var by = new Option<SummaryKey?>("--by")
        {
            Description = "Group calls by model, provider, finish reason or tag. [default: no groups]",
            HelpName = "model|provider|finish_reason|tag:KEY",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!SummaryKey.TryParse(text, out SummaryKey? key))
                    result.AddError($"--by must be model, provider, finish_reason or tag:KEY, not '{Format.Name(text, 40)}'.");
                return key;
            },
        };
        by.CompletionSources.Add("model", "provider", "finish_reason", "tag:");
        return by;
    }
}
