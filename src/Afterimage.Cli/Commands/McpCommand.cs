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
        that starts it. Its tools are read-only: list_runs, summary, query, compare,
        alerts, find_generations. Runs are named by the ids from list_runs, never by
        paths. Texts of programs and models are truncated, cleaned of control
        characters and marked as untrusted. Tags, feedback and log texts, which may
        contain contents of calls, are left out unless --contents is given.
        """,
        [
            "afterimage mcp .afterimage-monitoring",
            "claude mcp add afterimage -- afterimage mcp runs\n# other agents: docs/mcp.md",
        ]);

    public static Command Create()
    {
        var root = new Argument<string>("ROOT")
        {
            Description = "Give access to the runs in and below this directory.",
            DefaultValueFactory = _ => ".afterimage-monitoring",
        };
        var contents = new Option<bool>("--contents") { Description = "Also give access to tags, feedback and log texts." };
        var command = new Command(Name, "Let an agent query runs over the Model Context Protocol (MCP).") { root, contents };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetRequiredValue(root), parsed.GetValue(contents), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string root, bool hasContents, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(root))
            throw new InputException($"The directory '{Path.GetFullPath(root)}' does not exist.");
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
