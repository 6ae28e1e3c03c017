using System.Diagnostics;

namespace Afterimage.Cli.Tests;

/// <summary>What cannot be done is said in one line, before anything is written.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public BadInputTests()
    {
        _directory.Write("log/metrics.jsonl", """{"timestamp":"2026-11-23T14:25:38Z","event":"generation","duration":1,"success":true}""");
        _directory.Write("file", "text");
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("There is no option '--nope'. (see: afterimage summary --help)", "summary", "--nope")]
    [InlineData("There is no option '--nope'. (see: afterimage export --help)", "export", "--nope")]
    [InlineData("There is no option '-z'. (see: afterimage tail --help)", "tail", "log", "-z")]
    [InlineData("There is no command 'nope'. (see: afterimage --help)", "nope")]
    [InlineData(
        "--format must be one of json, csv, excel, parquet, not 'xls'. (see: afterimage export --help)",
        "export",
        "log",
        "--format",
        "xls",
        "--out",
        "x.xls")]
    [InlineData(
        "--format must be one of table, csv, json, not 'xls'. (see: afterimage query --help)",
        "query",
        "log",
        "SELECT 1",
        "--format",
        "xls")]
    [InlineData(
        "Argument 'tcsh' not recognized. Must be one of: 'bash' 'zsh' 'fish' 'pwsh' (see: afterimage completion --help)",
        "completion",
        "tcsh")]
    [InlineData("--out must not be empty. (see: afterimage report --help)", "report", "log", "--out", "")]
    [InlineData("LOG_DIR must not be empty. (see: afterimage compact --help)", "compact", " ")]
    [InlineData("The log directory '{0}/--nope' does not exist.", "summary", "--", "--nope")]
    [InlineData(
        "The log directory '{0}/file' cannot be written to: The path must name a directory, not a file.",
        "demo",
        "--log-dir",
        "file")]
    [InlineData("'{0}/log' must be a file, not a directory.", "import", "log", "--log-dir", "out")]
    [InlineData("'log' must be a file, not a directory.", "demo", "--rules", "log")]
    public async Task It_is_said_in_one_line_and_nothing_is_left(string expected, params string[] arguments)
    {
        CommandResult result = await CommandLine.RunAsync(_directory.Path, arguments);

        Assert.Equal(
            (2, "", $"afterimage: {expected.Replace("{0}", _directory.Path, StringComparison.Ordinal)}\n"),
            (result.ExitCode, result.Output, result.Error));
        Assert.Equal(
            ["file", "log"],
            Directory.GetFileSystemEntries(_directory.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Sql_may_begin_with_a_comment()
    {
        CommandResult result = await CommandLine.RunAsync(
            _directory.Path,
            "query",
            "log",
            "-- all of them\nSELECT count(*) AS n FROM generations",
            "--format",
            "json");

        Assert.Equal((0, "[{\"n\":1}]\n"), (result.ExitCode, result.Output));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("summary log")]
    [InlineData("query log 'FROM points' --format csv")]
    [InlineData("demo --generations 10 --log-dir run --json")]
    public async Task An_output_that_is_full_or_closed_is_named(string arguments)
    {
        Need.Linux();

        foreach (string output in (string[])[">/dev/full", ">&-"])
        {
            using Process process = CommandLine.StartInShell(_directory.Path, $"{arguments} {output}");
            CommandResult result = await CommandLine.FinishAsync(process);

            Assert.Equal(2, result.ExitCode);
            Assert.StartsWith(
                "afterimage: Standard output cannot be written to: ",
                result.Error.TrimEnd().Split('\n')[^1],
                StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_followed_ends_when_nobody_reads_it()
    {
        Need.Linux();

        using Process process = CommandLine.StartInShell(_directory.Path, "tail log --follow | head -n 1");
        try
        {
            CommandResult result = await CommandLine
                .FinishAsync(process)
                .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

            Assert.Equal((0, ""), (result.ExitCode, result.Error));
            Assert.Single(result.Output.TrimEnd().Split('\n'));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
