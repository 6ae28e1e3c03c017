using System.CommandLine;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

internal static class CommonOptions
{
    public static Option<string?> LogDirectory() => new("--log-dir")
    {
        Description = "The log directory of the run. [default: a new directory below ./.afterimage-monitoring]",
        HelpName = "DIR",
    };

    public static Option<bool> Json() => new("--json")
    {
        Description = "Print one JSON object on standard output, and everything else on standard error.",
    };

    public static Option<SummaryKey?> By()
    {
        var by = new Option<SummaryKey?>("--by")
        {
            Description = "Group calls by model, provider, finish_reason or a tag.",
            HelpName = "model|provider|finish_reason|tag:KEY",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!SummaryKey.TryParse(text, out SummaryKey? key))
                    result.AddError($"--by is '{Format.Name(text, 40)}', which is none of model, provider, finish_reason, tag:KEY.");
                return key;
            },
        };
        by.CompletionSources.Add("model", "provider", "finish_reason", "tag:");
        return by;
    }
}
