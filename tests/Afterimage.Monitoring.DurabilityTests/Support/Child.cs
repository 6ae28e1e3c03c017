using System.Diagnostics;
using System.Text.Json;

namespace Afterimage.Monitoring.DurabilityTests.Support;

/// <summary>A running Afterimage.CrashProgram; killed at the latest when disposed.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    /// <summary>The program as an executable of its own.</summary>
    public static string Program =>
        Path.Combine(AppContext.BaseDirectory, "Afterimage.CrashProgram" + (OperatingSystem.IsWindows() ? ".exe" : ""));

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public static Child Start(params IEnumerable<string> arguments) => StartUnder([], workingDirectory: null, arguments);

    /// <param name="wrapper">A command that starts the program, such as strace with its arguments.</param>
    /// <param name="workingDirectory">Its current directory, or null for this process's.</param>
    /// <param name="arguments">The program's arguments.</param>
    public static Child StartUnder(IEnumerable<string> wrapper, string? workingDirectory, params IEnumerable<string> arguments)
    {
        string[] command = [.. wrapper, Program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? "",
        };
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(
            Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : DotnetOnPath());
        return new Child(Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start."));
    }

    public async Task<string?> ReadLineAsync() => await Limits.WaitFor(_process.StandardOutput.ReadLineAsync(Limits.Token).AsTask());

    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteAsync((line + "\n").AsMemory(), Limits.Token);
        await _process.StandardInput.FlushAsync(Limits.Token);
    }

    /// <summary>What a child that serves answers to a request.</summary>
    public async Task<string> AskAsync(string request)
    {
        await WriteLineAsync(request);
        if (await ReadLineAsync() is { } answer)
            return answer;

        Assert.Fail($"The program ended at '{request}': {await _process.StandardError.ReadToEndAsync(Limits.Token)}");
        return "";
    }

    /// <summary>Makes requests that end a child that serves, and waits for its end.</summary>
    public async Task DieOfAsync(params string[] requests)
    {
        await _process.StandardInput.WriteAsync(string.Concat(requests.Select(request => request + "\n")).AsMemory(), Limits.Token);
        await _process.StandardInput.FlushAsync(Limits.Token);
        for (int answers = 0; await ReadLineAsync() is not null; answers++)
            Assert.True(answers < requests.Length - 1, "The program lives on.");
        await _process.WaitForExitAsync(Limits.Token);
    }

    public async Task<MonitorStatistics> AskStatisticsAsync() =>
        JsonSerializer.Deserialize<MonitorStatistics>(await AskAsync("statistics"))!;

    /// <summary>Ends the input, and waits for the program to end by itself.</summary>
    /// <returns>What it wrote that was not read yet.</returns>
    public async Task<string> FinishAsync()
    {
        _process.StandardInput.Close();
        Task<string> error = _process.StandardError.ReadToEndAsync(Limits.Token);
        string output = await _process.StandardOutput.ReadToEndAsync(Limits.Token);
        await _process.WaitForExitAsync(Limits.Token);
        Assert.True(_process.ExitCode == 0, $"Exit code {_process.ExitCode}: {await error}");
        return output;
    }

    /// <summary>Ends the input, and waits for the program to end by an exception.</summary>
    /// <returns>What it wrote to standard error.</returns>
    public async Task<string> FailAsync()
    {
        _process.StandardInput.Close();
        Task<string> error = _process.StandardError.ReadToEndAsync(Limits.Token);
        await _process.StandardOutput.ReadToEndAsync(Limits.Token);
        await _process.WaitForExitAsync(Limits.Token);
        Assert.NotEqual(0, _process.ExitCode);
        return await error;
    }

    /// <summary>SIGKILL: nothing in the process runs after it.</summary>
    public async Task KillAsync()
    {
        if (_process.HasExited)
            Assert.Fail($"The program ended by itself: {await _process.StandardError.ReadToEndAsync(Limits.Token)}");
        _process.Kill();
        await _process.WaitForExitAsync(Limits.Token);
    }

    /// <summary>SIGSTOP: it stands still until it is told to go on, or killed.</summary>
    public void Stop() => Signals.Send(_process, Signals.Stop);

    public void Continue() => Signals.Send(_process, Signals.Continue);

    /// <summary>SIGKILL, unless it has ended already.</summary>
    public async Task EndAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(Limits.Token);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string DotnetOnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(directory => Path.Combine(directory, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"))
            .Where(File.Exists)
            .Select(path => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path)
            .First();
}
