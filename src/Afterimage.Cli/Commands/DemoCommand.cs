using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Simulation;
using Afterimage.Cli.Views;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage demo</c>: records a run with a simulated chat model, with an outage in the middle.</summary>
internal static class DemoCommand
{
    public const string Name = "demo";

    public static readonly CommandHelp Help = new(
        SimulatedChatClient.Description,
        [
            "afterimage demo\n# needs no model; takes twelve seconds on a terminal, else a moment",
            "afterimage demo --generations 100000 --json > demo.json",
            "afterimage demo --budget-usd 2 --rules rules.json\n# stop when the simulated calls have cost 2 US dollars",
        ]);

    private const string Note = "simulated: no model is called, no price is real";
    private const long DefaultGenerations = 3000;
    private const long MaxGenerations = 1_000_000_000;

    // On a terminal, simulated time runs so fast that the whole run takes about this long.
    private static readonly TimeSpan LengthOnTerminal = TimeSpan.FromSeconds(12);

    public static Command Create()
    {
        var generations = new Option<long>("--generations")
        {
            Description = "Simulate N calls.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultGenerations,
            CustomParser = result => WholeNumber.ParseLong(result, "--generations", 1, MaxGenerations),
        };
        Option<string?> logDirectory = CommonOptions.LogDirectory();
        var runOptions = new RunOptions();
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, $"Simulate {DemoRun.Workers} workers that call a chat model, and show the run live.")
        {
            generations, logDirectory, json,
        };
        runOptions.AddTo(command);
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed.GetValue(generations),
                    parsed.GetValue(logDirectory),
                    runOptions
                        .Read(parsed, SimulatedPrices.All, "simulated (see afterimage demo --help)")
                        .Checked(SimulatedModel.All.Select(m => m.Name).Append(SimulatedChatClient.JudgeModel)),
                    parsed.GetValue(json),
                    cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        long generations,
        string? logDirectory,
        RunSettings settings,
        bool json,
        CancellationToken cancellationToken)
    {
        // Start in the past, so that simulated time ends at about the current time.
        TimeSpan length = DemoRun.ExpectedLength(generations);
        DateTimeOffset start = TimeProvider.System.GetUtcNow() - length;
        MonitoredRun run = MonitoredRun.Start(logDirectory, start, settings);
        bool live = RunDisplay.IsLive(json);
        if (!live)
            await Console.Error.WriteLineAsync($"recording {DemoRun.Workers} simulated workers into {run.Monitor.LogDirectory} ({Note})");

        var demo = new DemoRun(run.Monitor, generations, () => run.IsBudgetSpent);
        return await RunReport.RunAsync(
            run,
            json,
            token => demo.RunAsync(start, new Pace(run.Clock, live ? length / LengthOnTerminal : null), token),
            () => run.Look("afterimage demo", Note, demo.Progress),
            () => [("figures", "simulated: no model was called (see afterimage demo --help)")],
            writer => writer.WriteBoolean("simulated", true),
            cancellationToken);
    }
}
