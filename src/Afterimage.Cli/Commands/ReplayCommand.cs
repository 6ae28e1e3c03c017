using System.CommandLine;
using System.Globalization;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Simulation;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage replay</c>: records each row of a trace as a generation at its own time.</summary>
internal static class ReplayCommand
{
    public const string Name = "replay";

    public static readonly CommandHelp Help = new(
        """
        Records each row of the trace at its own timestamp. The clock and the alerts of
        the monitor follow the trace. A trace has no durations, so they are modelled:
          time to first token = 0.2 s + 0.0001 s x prompt tokens
          generation time     = time to first token + 0.02 s x completion tokens
        The Azure LLM inference traces of 2023 and 2024 have this format.
        """,
        [
            "afterimage replay azure-llm-2023-conversation.csv\n# as fast as possible, then the summary",
            "afterimage replay trace.csv --speed 60 --model gpt-4o\n# a minute of the trace per second, live",
            "afterimage replay trace.csv --json --log-dir runs/today | jq .total_tokens",
            "afterimage replay trace.csv --model gpt-4o --pricing prices.json --budget-usd 5\n"
                + "# stop when its calls have cost 5 US dollars",
        ]);

    private const string Note = "modelled durations";

    public static Command Create()
    {
        var trace = new Argument<string>("TRACE.csv")
        {
            Description = "Read this CSV file, with the columns TIMESTAMP, ContextTokens and GeneratedTokens.",
        };
        Option<string?> logDirectory = CommonOptions.LogDirectory();
        var speed = new Option<string>("--speed")
        {
            Description = "Replay as fast as possible (max), or FACTOR seconds of the trace per second.",
            HelpName = "max|FACTOR",
            DefaultValueFactory = _ => "max",
        };
        var model = new Option<string>("--model")
        {
            Description = "Record this model name, because the trace contains none.",
            HelpName = "NAME",
            DefaultValueFactory = _ => "trace-model",
        };
        var skipInvalid = new Option<bool>("--skip-invalid")
        {
            Description = "Skip and count invalid rows. By default, the first one ends the replay.",
        };
        var runOptions = new RunOptions();
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Record an LLM inference trace as a run, as fast as possible or live.")
        {
            trace, logDirectory, speed, model, skipInvalid, json,
        };
        runOptions.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(trace),
            parsed.GetValue(logDirectory),
            Settings(runOptions, parsed).Checked(parsed.GetRequiredValue(model)),
            ReplaySpeed.Parse(parsed.GetRequiredValue(speed)),
            parsed.GetRequiredValue(model),
            parsed.GetValue(skipInvalid),
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    // The built-in prices are only used if a budget needs prices, because they may be out of date.
    private static RunSettings Settings(RunOptions options, ParseResult parsed) =>
        options.HasBudget(parsed)
            ? options.Read(
                parsed,
                ModelPricing.WellKnown,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"list prices as known on {ModelPricing.WellKnownDate:yyyy-MM-dd}, not checked since"))
            : options.Read(parsed, null, null);

    private static async Task<int> RunAsync(
        string path,
        string? logDirectory,
        RunSettings settings,
        double? speed,
        string model,
        bool skipInvalid,
        bool json,
        CancellationToken cancellationToken)
    {
        using TraceReader reader = TraceReader.Open(path, skipInvalid);
        bool any = reader.TryRead(out TraceRow row);
        MonitoredRun run = MonitoredRun.Start(logDirectory, any ? row.Timestamp : TimeProvider.System.GetUtcNow(), settings);
        if (!RunDisplay.IsLive(json))
            await Console.Error.WriteLineAsync($"replaying {path} into {run.Monitor.LogDirectory} ({Note})");

        long rows = 0;
        try
        {
            return await RunReport.RunAsync(
                run,
                json,
                TrackAsync,
                () => run.Look("afterimage replay " + Format.Name(Path.GetFileName(path), 40), Note, reader.Progress),
                Notes,
                writer =>
                {
                    writer.WriteNumber("skipped_rows", reader.SkippedRows);
                    writer.WriteStartArray("modelled");
                    writer.WriteStringValue("generation_time");
                    writer.WriteStringValue("time_to_first_token");
                    writer.WriteEndArray();
                },
                cancellationToken);
        }
        catch (InputException exception)
        {
            throw new InputException(
                $"{exception.Message} ({Format.Count(rows)} earlier rows are recorded in '{run.Monitor.LogDirectory}')", exception);
        }

        async Task TrackAsync(CancellationToken cancellationToken)
        {
            var pace = new Pace(run.Clock, speed);
            for (; any && !run.IsBudgetSpent; any = reader.TryRead(out row))
            {
                await pace.AdvanceToAsync(row.Timestamp, cancellationToken);
                run.Monitor.TrackGeneration(DurationModel.Duration(row), success: true, new GenerationDetails
                {
                    ModelName = model,
                    PromptTokenCount = row.PromptTokens,
                    CompletionTokenCount = row.CompletionTokens,
                    TimeToFirstToken = DurationModel.TimeToFirstToken(row),
                    Timestamp = row.Timestamp,
                });
                rows++;
            }
        }

        IEnumerable<(string Name, string Text)> Notes()
        {
            yield return ("durations", "modelled: 0.2 s + 0.1 ms/prompt token + 20 ms/completion token");
            if (reader.SkippedRows > 0)
                yield return ("skipped rows", $"{Format.Count(reader.SkippedRows)} of the trace, not valid");
        }
    }
}
