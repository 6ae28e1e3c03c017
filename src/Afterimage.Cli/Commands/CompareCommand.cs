using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage compare</c>: compares log directories.</summary>
internal static class CompareCommand
{
    public const string Name = "compare";

    public static readonly CommandHelp Help = new(
        """
        Shows every metric of the runs: count, mean and quantiles with 95 % confidence
        intervals, and whether the change from A is beyond chance. Means are judged by
        Welch's t test; rates, shares and quantiles by Fisher's exact test. P-values
        are adjusted for the number of tests of all runs by Holm's method; a change
        with a p-value below 0.05 is beyond chance. The tests assume independent points.
        If a metric was not tested, its row says why. docs/compare.md has the formulas
        and their limits.
        --fail-on ends the command with exit code 4 if a run exceeds a limit:
          FIGURE METRIC > LIMIT, with mean (the default), p50, p95 or p99; >, >=, <, <=
          +10%    a change from A, of its figure     -2pp  a change of a rate
          +0.5    a change in the metric's unit      2     the run's own figure
        A limit on a figure that a run lacks is an error (exit code 2).
        """,
        [
            "afterimage compare runs/monday runs/tuesday",
            "afterimage compare runs/monday runs/tuesday runs/wednesday",
            "afterimage compare runs/main runs/branch --fail-on \"p95 generation_time > +10%\" \\\n    --fail-on \"success_rate < 95%\"",
            "afterimage compare runs/monday runs/tuesday --json |\n    jq '.metrics.generation_time.differences.p95'",
        ]);

    public static Command Create()
    {
        var directories = new Argument<string[]>("LOG_DIR")
        {
            Description = $"Compare these log directories, or names of runs in ./{RunNames.Root}; changes are measured from the first.",
            HelpName = "A B...",
            Arity = ArgumentArity.OneOrMore,
        };
        var failOn = new Option<ComparisonThreshold[]>("--fail-on")
        {
            Description = "Exit with code 4 if a run exceeds this limit. Can be repeated.",
            HelpName = "LIMIT",
            CustomParser = ParseThresholds,
        };
        Option<bool> json = CommonOptions.Json();
        var input = new LogInput();
        var command = new Command(Name, "Compare runs, and show which differences are beyond chance.") { failOn, json };
        input.AddTo(command);
        command.Arguments.Clear();
        command.Arguments.Add(directories);
        command.SetAction((parsed, cancellationToken) => LogInput.GuardAsync(async () =>
        {
            string[] given = parsed.GetRequiredValue(directories);
            if (given.Length < 2)
                throw new InputException("At least two runs must be given.");
            List<LogDirectory> logs = [];
            foreach (string path in given)
                logs.Add(input.Narrow(parsed, await LogInput.OpenAsync([path], mustHaveRecords: true, cancellationToken)));
            return await RunAsync(logs, parsed.GetValue(failOn) ?? [], parsed.GetValue(json), cancellationToken);
        }));
        return command;
    }

    private static ComparisonThreshold[] ParseThresholds(ArgumentResult result)
    {
        List<ComparisonThreshold> thresholds = [];
        foreach (Token token in result.Tokens)
        {
            try
            {
                thresholds.Add(ComparisonThreshold.Parse(token.Value));
            }
            catch (FormatException)
            {
                result.AddError(
                    $"--fail-on must be a limit such as \"p95 generation_time > +10%\", not '{Format.Name(token.Value, 60)}'.");
            }
        }

        return [.. thresholds];
    }

    private static async Task<int> RunAsync(
        List<LogDirectory> logs,
        IReadOnlyList<ComparisonThreshold> thresholds,
        bool json,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<RunComparison> comparisons = await WorkProgress.ShowAsync(
            "comparing",
            json,
            progress => logs[0].CompareAllAsync([.. logs.Skip(1)], progress, cancellationToken));
        (ComparisonThreshold Threshold, string Run, bool? IsExceeded)[] judged =
        [
            .. thresholds.SelectMany(threshold => comparisons.Select((comparison, i) =>
                (threshold, CompareView.Letter(i + 1), threshold.IsExceeded(comparison)))),
        ];
        if (json)
            JsonOutput.Write(writer => Write(writer, comparisons, judged));
        else
            Tables.Print(CompareView.Render(comparisons));

        foreach ((ComparisonThreshold threshold, string run, bool? isExceeded) in judged)
        {
            string text = Format.Name(threshold.Text, 100);
            if (isExceeded is null)
                throw new InputException($"The limit '{text}' cannot be judged, because A or {run} lacks the figure.");
            if (isExceeded == true)
                await Console.Error.WriteLineAsync($"afterimage: {run} exceeds the limit '{text}'.");
        }

        return judged.Any(one => one.IsExceeded == true) ? ExitCodes.ThresholdExceeded : ExitCodes.Success;
    }

    // For two runs there is one comparison, whose properties are those of the object itself.
    private static void Write(
        Utf8JsonWriter writer,
        IReadOnlyList<RunComparison> comparisons,
        (ComparisonThreshold Threshold, string Run, bool? IsExceeded)[] judged)
    {
        if (comparisons is [var only])
        {
            only.WriteProperties(writer);
        }
        else
        {
            writer.WriteStartArray("comparisons");
            foreach (RunComparison comparison in comparisons)
            {
                writer.WriteStartObject();
                comparison.WriteProperties(writer);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        if (judged.Length == 0)
            return;
        writer.WriteStartArray("limits");
        foreach ((ComparisonThreshold threshold, string run, bool? isExceeded) in judged)
        {
            writer.WriteStartObject();
            writer.WriteString("limit", threshold.Text);
            writer.WriteString("run", run);
            if (isExceeded is { } known)
                writer.WriteBoolean("exceeded", known);
            else
                writer.WriteNull("exceeded");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
