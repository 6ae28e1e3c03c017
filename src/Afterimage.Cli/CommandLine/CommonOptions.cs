using System.CommandLine;

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
}
