using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Commands;

var root = new RootCommand("Record calls of language models, and show their metrics, tokens, costs and alerts.")
{
    DemoCommand.Create(),
    ReplayCommand.Create(),
    ImportCommand.Create(),
    RunsCommand.Create(),
    SummaryCommand.Create(),
    CompareCommand.Create(),
    AlertsCommand.Create(),
    TailCommand.Create(),
    QueryCommand.Create(),
    ExportCommand.Create(),
    PlotCommand.Create(),
    ReportCommand.Create(),
    ShipCommand.Create(),
    FleetCommand.Create(),
    ServeCommand.Create(),
    PricesCommand.Create(),
    CompactCommand.Create(),
    McpCommand.Create(),
    CompletionCommand.Create(),
};
HelpOption help = root.Options.OfType<HelpOption>().Single();
help.Action = new HelpWithExamples((HelpAction)help.Action!);

// A directory may have this name.
help.Aliases.Remove("/h");
help.Aliases.Remove("/?");
EnumValues.OfferInLowerCase(root);

StandardOutput.Use();
ParseResult parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
if (ArgumentErrors.First(parsed) is { } error)
{
    await Console.Error.WriteLineAsync($"afterimage: {error}");
    return ExitCodes.BadInput;
}

// Not left to System.CommandLine: a signal that arrived while it was starting the command would end the process in the middle of its work.
var interruption = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
try
{
    return await parsed.InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
        interruption.Token);
}
catch (InputException exception)
{
    await Console.Error.WriteLineAsync($"afterimage: {exception.Message}");
    return ExitCodes.BadInput;
}

// An interrupted command still drains its monitor, reports what it recorded, and cleans up.
void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    _ = interruption.CancelAsync();
    _ = Task.Delay(TimeSpan.FromSeconds(30)).ContinueWith(_ => Environment.Exit(ExitCodes.Interrupted), TaskScheduler.Default);
}
