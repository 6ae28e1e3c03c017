using System.Diagnostics;
using System.Reflection;

namespace Afterimage.Packages.Tests;

/// <summary>The packages of what was built, made once.</summary>
public sealed class PackedRepository : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();

    public static string Root { get; } = Metadata("Repository");

    public static string Configuration { get; } = Metadata("Configuration");

    public string Directory => _directory.Path;

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it said.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            string said = await output + await error;
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{said}");
            return said;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    public async ValueTask InitializeAsync()
    {
        // The tool is built once more for each platform.
        foreach (string project in System.IO.Directory.EnumerateDirectories(Path.Combine(Root, "src")))
            await RunAsync(
                "dotnet",
                "pack",
                project,
                Path.GetFileName(project) == "Afterimage.Cli" ? "--no-restore" : "--no-build",
                "--configuration",
                Configuration,
                "--output",
                Directory);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Metadata(string key) =>
        typeof(PackedRepository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
