using System.Diagnostics;

namespace Afterimage.Cli.Tests;

/// <summary>Completion in the shells themselves, with the command on their PATH.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public CompletionTests()
    {
        string command = _directory.Write(
            "bin/afterimage",
            "#!/bin/sh",
            $"exec dotnet '{Path.Combine(AppContext.BaseDirectory, "afterimage.dll")}' \"$@\"");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _directory.Write("runs/today/metrics.jsonl");
    }

    /// <summary>What is typed, and what is offered. Nothing: files.</summary>
    public static TheoryData<string, string[]> Lines => new()
    {
        { "afterimage su", ["summary"] },
        { "afterimage completion ", ["bash", "fish", "pwsh", "zsh"] },
        { "afterimage --v", ["--version"] },
        { "afterimage export runs/today --form", ["--format"] },
        { "afterimage export runs/today --format ", ["csv", "excel", "json", "parquet"] },
        { "afterimage export runs/today --format js", ["json"] },
        { "afterimage summary --j", ["--json"] },
        { "afterimage completion b", ["bash"] },
        { "afterimage summary run", [] },
    };

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Bash_completes(string line, string[] offered)
    {
        // What readline does: it sets these, calls the function, and falls back to files where there is no reply.
        string[] said = await RunAsync("bash", "-c", $$"""
            source <(afterimage completion bash)
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
            read -ra COMP_WORDS <<<"$COMP_LINE"
            [[ "$COMP_LINE" == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _afterimage afterimage
            printf '%s\n' "${COMPREPLY[@]}"
            complete -p afterimage
            """);

        Assert.Equal("complete -o bashdefault -o default -F _afterimage afterimage", said[^1]);
        AssertOffered(offered, said[..^1]);
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Zsh_completes(string line, string[] offered)
    {
        // What the completion system does, with its builtins replaced by ones that say what they were given.
        string[] said = await RunAsync("zsh", "-f", "-c", $$"""
            compdef() { }
            compadd() { shift; print -l -- "$@"; }
            _files() { print -- files; }
            source <(afterimage completion zsh)
            line='{{line}}'
            words=(${(s: :)line})
            [[ $line == *' ' ]] && words+=('')
            CURRENT=$#words
            PREFIX=$words[CURRENT]
            _afterimage
            """);

        AssertOffered(offered.Length > 0 ? offered : ["files"], said);
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Fish_completes(string line, string[] offered)
    {
        string[] said = await RunAsync("fish", "-c", $"afterimage completion fish | source; complete -C '{line}'");

        AssertOffered(offered.Length > 0 ? offered : ["runs/"], said);
    }

    [Fact]
    public async Task A_shell_that_is_none_is_refused_and_those_that_are_are_named()
    {
        CommandResult result = await CommandLine.RunAsync(_directory.Path, "completion", "csh");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("'pwsh'", result.Error, StringComparison.Ordinal);
    }

    private static void AssertOffered(string[] offered, string[] said) =>
        Assert.Equal(offered, said.Where(s => s.Length > 0).Order(StringComparer.Ordinal));

    private async Task<string[]> RunAsync(string shell, params string[] arguments)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        bool isInstalled = path.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, shell)));
        if (!isInstalled && Environment.GetEnvironmentVariable("AFTERIMAGE_REQUIRE_SERVICES") != "1")
            Assert.Skip($"{shell} is not installed (apt-get install {shell}).");

        var start = new ProcessStartInfo(shell, arguments) { WorkingDirectory = _directory.Path, RedirectStandardOutput = true };
        start.Environment["PATH"] = Path.Combine(_directory.Path, "bin") + Path.PathSeparator + path;
        start.Environment["HOME"] = _directory.Path;
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output.TrimEnd('\n').Split('\n');
    }
}
