using System.Diagnostics;
using System.Text.Json;
using Afterimage.Monitoring.Server.Tests.Node;

[assembly: AssemblyFixture(typeof(NodeScripts))]

namespace Afterimage.Monitoring.Server.Tests.Node;

/// <summary>The scripts beside this file, with the packages that they need: installed once for all tests, and only where there is
/// Node.js and a registry.</summary>
public sealed class NodeScripts : IDisposable
{
    private static readonly string[] Unreachable = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"];

    private readonly SemaphoreSlim _installing = new(1, 1);
    private TemporaryDirectory? _directory;
    private string? _failure;

    /// <summary>Runs a script to its end.</summary>
    /// <param name="script">Its file.</param>
    /// <param name="arguments">What it is told.</param>
    /// <param name="variables">Its environment, in addition to that of the tests.</param>
    /// <returns>What it has printed.</returns>
    public async Task<JsonElement> RunAsync(
        string script,
        IEnumerable<string> arguments,
        params IEnumerable<(string Name, string Value)> variables)
    {
        string node = Need.Command("node");
        string directory = await InstallAsync();
        Result result = await RunAsync(node, [script, .. arguments], directory, variables);
        Assert.True(result.ExitCode == 0, $"{script} has ended with {result.ExitCode}:\n{result.Error}");
        return JsonElement.Parse(result.Output);
    }

    public void Dispose()
    {
        _directory?.Dispose();
        _installing.Dispose();
    }

    private async Task<string> InstallAsync()
    {
        string npm = Need.Command("npm");
        await _installing.WaitAsync(Limits.Token);
        try
        {
            if (_directory is null)
            {
                TemporaryDirectory directory = _directory = new TemporaryDirectory();
                _failure = "npm ci has not ended.";
                foreach (string file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Node")))
                    File.Copy(file, directory.File(Path.GetFileName(file)));

                // Packages come from a registry, which a machine need not have; none of them has to run anything to be installed.
                Result result = await RunAsync(
                    npm,
                    [
                        "ci",
                        "--ignore-scripts",
                        "--no-audit",
                        "--no-fund",
                        "--prefer-offline",
                        "--loglevel=error",
                        "--fetch-retry-maxtimeout=10000",
                    ],
                    directory.Path);
                _failure = result.ExitCode == 0 ? null : $"npm ci has ended with {result.ExitCode}:\n{result.Error}";
            }
        }
        catch (TimeoutException)
        {
            // Then there is no registry that answers.
        }
        finally
        {
            _installing.Release();
        }

        // A registry is nothing that a machine can start. Any other failure is one of the tests.
        Assert.SkipWhen(Unreachable.Any(code => _failure?.Contains(code, StringComparison.Ordinal) == true), _failure ?? "");
        Need.That(_failure is null, $"This test needs packages of npm, and {_failure}");
        return _directory!.Path;
    }

    private static async Task<Result> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string directory,
        params IEnumerable<(string Name, string Value)> variables)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What the tests' own environment says of telemetry is not for these.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("OTEL_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        try
        {
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(Limits.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(Limits.Token);
            await process.WaitForExitAsync(Limits.Token).WaitFor();
            return new Result(process.ExitCode, await output.WaitFor(), await error.WaitFor());
        }
        finally
        {
            // It may have started others.
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private sealed record Result(int ExitCode, string Output, string Error);
}
