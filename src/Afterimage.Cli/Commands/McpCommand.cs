using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Monitoring.Server.Mcp;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage mcp</c>: lets an agent query runs, over the Model Context Protocol.</summary>
internal static class McpCommand
{
    public const string Name = "mcp";

    public static readonly CommandHelp Help = new(
        """
        Speaks the Model Context Protocol on standard input and output, for an agent
        that starts it. Its tools only read: list_runs, summary, query, compare,
        alerts, find_generations. Runs are named by ids that list_runs gives, never by
        paths. What programs and models wrote is cut, cleaned of control characters
        and marked as untrusted. Tags, feedback and log texts, which may hold contents
        of calls, are left out unless --contents is given.
        """,
        [
            "afterimage mcp .afterimage-monitoring",
            "claude mcp add afterimage -- afterimage mcp runs\n# other agents: docs/mcp.md",
        ]);

    public static Command Create()
    {
        var root = new Argument<string>("ROOT")
        {
            Description = "The directory that has the runs, in it or below it.",
            DefaultValueFactory = _ => ".afterimage-monitoring",
        };
        var contents = new Option<bool>("--contents") { Description = "Also show tags, feedback and log texts." };
        var command = new Command(Name, "Let an agent ask about runs, over the Model Context Protocol.") { root, contents };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetRequiredValue(root), parsed.GetValue(contents), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string root, bool hasContents, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(root))
            throw new InputException($"There is no directory '{Path.GetFullPath(root)}'.");
        try
        {
            await using Stream input = Console.OpenStandardInput();
            await using Stream output = Console.OpenStandardOutput();
            await RunMcpServer.RunAsync(root, hasContents, input, output, cancellationToken);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }
}
