using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Afterimage.Cli.CommandLine;

namespace Afterimage.Cli.Commands;

/// <summary>The standard help, followed by an explanation of the command and examples.</summary>
internal sealed class HelpWithExamples(HelpAction standard) : SynchronousCommandLineAction
{
    private static readonly Dictionary<string, CommandHelp> Commands = new(StringComparer.Ordinal)
    {
        [DemoCommand.Name] = DemoCommand.Help,
        [ReplayCommand.Name] = ReplayCommand.Help,
        [ImportCommand.Name] = ImportCommand.Help,
        [RunsCommand.Name] = RunsCommand.Help,
        [SummaryCommand.Name] = SummaryCommand.Help,
        [CompareCommand.Name] = CompareCommand.Help,
        [AlertsCommand.Name] = AlertsCommand.Help,
        [PricesCommand.Name] = PricesCommand.Help,
        [TailCommand.Name] = TailCommand.Help,
        [QueryCommand.Name] = QueryCommand.Help,
        [ExportCommand.Name] = ExportCommand.Help,
        [PlotCommand.Name] = PlotCommand.Help,
        [ReportCommand.Name] = ReportCommand.Help,
        [ShipCommand.Name] = ShipCommand.Help,
        [FleetCommand.Name] = FleetCommand.Help,
        [$"{FleetCommand.Name} init"] = FleetCommand.InitHelp,
        [$"{FleetCommand.Name} runs"] = FleetQuestions.RunsHelp,
        [$"{FleetCommand.Name} summary"] = FleetQuestions.SummaryHelp,
        [$"{FleetCommand.Name} compare"] = FleetQuestions.CompareHelp,
        [$"{FleetCommand.Name} alerts"] = FleetQuestions.AlertsHelp,
        [$"{FleetCommand.Name} query"] = FleetQuestions.QueryHelp,
        [$"{FleetCommand.Name} audit"] = FleetCommand.AuditHelp,
        [$"{FleetCommand.Name} remove"] = FleetCommand.RemoveHelp,
        [ServeCommand.Name] = ServeCommand.Help,
        [CompactCommand.Name] = CompactCommand.Help,
        [McpCommand.Name] = McpCommand.Help,
        [CompletionCommand.Name] = CompletionCommand.Help,
    };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int result = standard.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        IEnumerable<string> examples = Commands
            .Where(pair => !pair.Key.Contains(' ', StringComparison.Ordinal))
            .Select(pair => pair.Value.Examples[0]);
        if (Commands.TryGetValue(PathOf(parseResult.CommandResult), out CommandHelp? help))
        {
            output.WriteLine("Details:");
            output.WriteLine("  " + Indent(help.Details, "  "));
            output.WriteLine();
            examples = help.Examples;
        }

        output.WriteLine("Examples:");
        foreach (string example in examples)
            output.WriteLine("  " + Indent(example, "    "));
        output.WriteLine();
        return result;
    }

    // The words that are typed after the name of the program.
    private static string PathOf(CommandResult command) =>
        command.Parent is CommandResult { Parent: CommandResult } parent
            ? $"{PathOf(parent)} {command.Command.Name}"
            : command.Command.Name;

    private static string Indent(string text, string indent) => text.ReplaceLineEndings(Environment.NewLine + indent);
}
