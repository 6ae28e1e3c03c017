using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace Afterimage.Samples.Tests;

/// <summary>A built sample as a process of its own, with the test's directory as its current one.</summary>
internal sealed class Sample : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly Task<string> _errors;

    private Sample(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public static string Folder { get; } = Metadata("Samples");

    public StreamWriter Input => _process.StandardInput;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Sample Start(
        string name,
        string directory,
        IReadOnlyDictionary<string, string> environment,
        params IEnumerable<string> arguments)
    {
        string program = Path.Combine(Folder, name, "bin", Metadata("Configuration"), "net10.0", $"{name}.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string key, string value) in environment)
            start.Environment[key] = value;
        return new Sample(Process.Start(start)!);
    }

    /// <summary>Reads what it says until a line has a text.</summary>
    /// <returns>What follows the text in that line.</returns>
    public async Task<string> ReadToAsync(string text)
    {
        while (await _process.StandardOutput.ReadLineAsync(Token) is { } line)
        {
            _said.AppendLine(line);
            if (line.IndexOf(text, StringComparison.Ordinal) is >= 0 and int at)
                return line[(at + text.Length)..].Trim();
        }

        throw new InvalidOperationException($"It never said '{text}':\n{_said}{await _errors}");
    }

    /// <summary>Waits until it has ended by itself, in order.</summary>
    /// <returns>Everything that it said.</returns>
    public async Task<string> FinishAsync()
    {
        _process.StandardInput.Close();
        _said.Append(await _process.StandardOutput.ReadToEndAsync(Token));
        await _process.WaitForExitAsync(Token);
        Assert.True(_process.ExitCode == 0, $"It ended with {_process.ExitCode}:\n{_said}{await _errors}");
        return _said.ToString();
    }

    /// <summary>Asks it to end, as a service manager does.</summary>
    public async Task<string> StopAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync(Token);
        return await FinishAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private static string Metadata(string key) =>
        typeof(Sample).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
