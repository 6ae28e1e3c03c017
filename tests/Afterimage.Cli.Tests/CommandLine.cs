using System.Diagnostics;
using System.Text.Json;

namespace Afterimage.Cli.Tests;

/// <summary>Runs the built command as a process of its own, with the test's directory as its current one.</summary>
internal static class CommandLine
{
    private static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "afterimage.dll");

    public static async Task<CommandResult> RunAsync(string directory, params IEnumerable<string> arguments)
    {
        using Process process = Start(directory, arguments);
        return await FinishAsync(process);
    }

    public static Process Start(string directory, IEnumerable<string> arguments) => Start(directory, "dotnet", [Program, .. arguments]);

    /// <summary>Starts it by a shell.</summary>
    /// <param name="directory">The current directory.</param>
    /// <param name="arguments">What stands behind <c>afterimage</c>, redirections and all.</param>
    public static Process StartInShell(string directory, string arguments) =>
        Start(directory, "sh", ["-c", $"dotnet '{Program}' {arguments}"]);

    public static async Task<CommandResult> FinishAsync(Process process)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new CommandResult(process.ExitCode, await output, await error);
    }

    private static Process Start(string directory, string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = Signals.Default(program, arguments);
        start.WorkingDirectory = directory;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }
}

internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON object that it must be.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.Equal(0, ExitCode);
            return JsonDocument.Parse(Output).RootElement;
        }
    }
}
