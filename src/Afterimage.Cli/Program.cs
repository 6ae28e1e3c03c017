using System.CommandLine;
using System.CommandLine.Help;
using Afterimage.Cli;
using Afterimage.Cli.Commands;
using Afterimage.Cli.Completion;

var root = new RootCommand("Records language-model generations and shows what they come to: metrics, tokens by model, alerts.")
{
    DemoCommand.Create(),
    ReplayCommand.Create(),
    ImportCommand.Create(),
    SummaryCommand.Create(),
    CompareCommand.Create(),
    AlertsCommand.Create(),
    TailCommand.Create(),
    QueryCommand.Create(),
    ExportCommand.Create(),
    PlotCommand.Create(),
    ReportCommand.Create(),
    CompactCommand.Create(),
    CompletionCommand.Create(),
};
HelpOption help = root.Options.OfType<HelpOption>().Single();
help.Action = new HelpWithExamples((HelpAction)help.Action!);

// A directory may have such a name.
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

try
{
    // A command that is interrupted still drains its monitor and says what it recorded.
    return await parsed.InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
    });
}
catch (InputException exception)
{
    await Console.Error.WriteLineAsync($"afterimage: {exception.Message}");
    return ExitCodes.BadInput;
}
