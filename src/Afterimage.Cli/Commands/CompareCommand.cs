using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage compare</c>: two log directories side by side.</summary>
internal static class CompareCommand
{
    public const string Name = "compare";

    public static readonly CommandHelp Help = new(
        """
        Every metric of either run: count, mean and quantiles with 95 % confidence
        intervals, and whether the change from A to B is beyond chance. Means are
        judged by Welch's t test; rates, shares and quantiles by Fisher's exact test;
        p-values are adjusted for the number of tests by Holm's method, and below 0.05
        is beyond chance. Points count as independent of each other. What was not
        tested says why. docs/compare.md has the formulas and their limits.
        """,
        [
            "afterimage compare runs/monday runs/tuesday",
            "afterimage compare runs/monday runs/tuesday --json |\n    jq '.metrics.generation_time.differences.p95'",
        ]);

    public static Command Create()
    {
        var first = new Argument<string>("DIR_A") { Description = "The log directory that changes are counted from." };
        var second = new Argument<string>("DIR_B") { Description = "The log directory that is compared with it." };
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Put two runs side by side, and say which differences are beyond chance.") { first, second, json };
        command.SetAction((parsed, cancellationToken) => LogInput.UseAsync(
            parsed.GetRequiredValue(first),
            a => LogInput.UseAsync(parsed.GetRequiredValue(second), b => RunAsync(a, b, parsed.GetValue(json), cancellationToken))));
        return command;
    }

    private static async Task<int> RunAsync(LogDirectory a, LogDirectory b, bool json, CancellationToken cancellationToken)
    {
        RunComparison comparison = await WorkProgress.ShowAsync(
            "comparing",
            json,
            progress => a.CompareAsync(b, progress, cancellationToken));
        if (json)
            JsonOutput.Write(comparison.WriteProperties);
        else
            Tables.Print(CompareView.Render(comparison));
        return ExitCodes.Success;
    }
}
