using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Afterimage.Cli.Tests;

public sealed class McpCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task An_agent_that_starts_the_command_can_ask_about_the_runs_below_its_root()
    {
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(Path.Combine(_directory.Path, "run"))))
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), success: true, new GenerationDetails { ModelName = "gpt-4o" });
        var transport = new StdioClientTransport(
            new StdioClientTransportOptions
            {
                Command = "dotnet",
                Arguments = [Path.Combine(AppContext.BaseDirectory, "afterimage.dll"), "mcp", _directory.Path],
            });
        await using McpClient client = await McpClient.CreateAsync(transport, cancellationToken: TestContext.Current.CancellationToken);
        CallToolResult result = await client.CallToolAsync("list_runs", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, result.StructuredContent!.Value.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task A_root_that_does_not_exist_is_said_in_one_line()
    {
        CommandResult result = await CommandLine.RunAsync(_directory.Path, "mcp", "missing");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
