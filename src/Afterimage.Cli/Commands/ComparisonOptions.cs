using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary>The options of a command that compares runs: limits, and the form of the output.</summary>
internal sealed class ComparisonOptions
{
    private readonly Option<ComparisonThreshold[]> _failOn = new("--fail-on")
    {
        Description = "Exit with code 4 if a run exceeds this limit. Can be repeated.",
        HelpName = "LIMIT",
        CustomParser = ParseThresholds,
    };

    private readonly Option<bool> _json = CommonOptions.Json();

    public void AddTo(Command command)
    {
        command.Add(_failOn);
        command.Add(_json);
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Prints comparisons, and judges them by the limits.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">A limit cannot be judged.</exception>
    public async Task<int> PrintAsync(ParseResult parsed, IReadOnlyList<RunComparison> comparisons)
    {
        IReadOnlyList<ComparisonThreshold> thresholds = parsed.GetValue(_failOn) ?? [];
        (ComparisonThreshold Threshold, string Run, bool? IsExceeded)[] judged =
        [
            .. thresholds.SelectMany(threshold => comparisons.Select((comparison, i) =>
                (threshold, CompareView.Letter(i + 1), threshold.IsExceeded(comparison)))),
        ];
        if (IsJson(parsed))
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
