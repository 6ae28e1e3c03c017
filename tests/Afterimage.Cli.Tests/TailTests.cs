using System.Diagnostics;

namespace Afterimage.Cli.Tests;

public sealed class TailTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static string Metric(int second, string name = "m") =>
        $$"""{"timestamp":"2026-11-23T14:25:{{second:00}}Z","event":"metric","metric_name":"{{name}}","value":{{second}}}""";

    [Fact]
    public async Task The_newest_of_all_files_are_shown_in_order()
    {
        _directory.Write("log/metrics.jsonl", Enumerable.Range(0, 40).Where(i => i % 2 == 0).Select(i => Metric(i)).Append("torn"));
        _directory.Write("log/b/metrics-000001.jsonl", Enumerable.Range(0, 40).Where(i => i % 2 == 1).Select(i => Metric(i)));

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "tail", "log", "--lines", "3");

        Assert.Equal(
            ["2026-11-23 14:25:37.000Z metric  m  37", "2026-11-23 14:25:38.000Z metric  m  38", "2026-11-23 14:25:39.000Z metric  m  39"],
            result.Output.TrimEnd().Split('\n'));
        Assert.Contains("1 line was skipped", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_kind_says_what_matters()
    {
        _directory.Write(
            "log/metrics.jsonl",
            """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.25,"success":true"""
                + ""","model_name":"gpt-4o","prompt_token_count":374,"completion_token_count":44,"finish_reason":"stop"}""",
            """{"timestamp":"2026-11-23T14:25:39Z","event":"generation","duration":2,"success":false,"error":"Time\nout"}""",
            """{"timestamp":"2026-11-23T14:25:40Z","event":"evaluation","duration":0.5,"success":true"""
                + ""","evaluator_type":"judge","scores":{"clarity":0.75}}"""
        );
        _directory.Write("log/afterimage.log", """{"timestamp":"2026-11-23T14:25:41Z","level":"warning","message":"hm \u001b[31m"}""");

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "tail", "log");

        Assert.Equal(
            [
                "2026-11-23 14:25:38.123Z generation  ok  gpt-4o  1.25 s  374 + 44 tokens  stop",
                "2026-11-23 14:25:39.000Z generation  FAILED  2 s  Time\ufffdout",
                "2026-11-23 14:25:40.000Z evaluation  ok  judge  0.5 s  clarity 0.75",
                "2026-11-23 14:25:41.000Z log  warning  hm \ufffd[31m",
            ],
            result.Output.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Following_shows_whole_lines_as_they_come_also_of_new_files()
    {
        string path = _directory.Write("log/metrics.jsonl", Metric(1));
        using Process process = CommandLine.Start(_directory.Path, ["tail", "log", "--follow"]);
        try
        {
            Assert.EndsWith("m  1", await NextAsync(), StringComparison.Ordinal);
            string second = Metric(2);
            await File.AppendAllTextAsync(path, second[..20], TestContext.Current.CancellationToken);
            _directory.Write("log/later/metrics.jsonl", Metric(3));
            Assert.EndsWith("m  3", await NextAsync(), StringComparison.Ordinal);
            await File.AppendAllTextAsync(path, second[20..] + "\n", TestContext.Current.CancellationToken);
            Assert.EndsWith("m  2", await NextAsync(), StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        async Task<string?> NextAsync() => await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task As_json_lines_are_those_of_the_log()
    {
        _directory.Write("log/metrics.jsonl", Metric(1), Metric(2, "Ä\u009b31m🙂"), "torn");

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "tail", "log", "--json");

        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.Equal(Metric(1), lines[0]);
        Assert.Equal(Metric(2, "\\u00c4\\u009b31m\\ud83d\\ude42"), lines[1]);
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public async Task Half_of_a_surrogate_pair_is_no_valid_record()
    {
        _directory.Write("log/metrics.jsonl", Metric(1), Metric(2, "\\ud83d"));

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "tail", "log");

        Assert.Equal((0, "2026-11-23 14:25:01.000Z metric  m  1"), (result.ExitCode, result.Output.TrimEnd()));
        Assert.Contains("1 line was skipped", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Following_goes_on_over_rotation_and_removed_files_until_ctrl_c()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no kill command");
        string first = _directory.Write("log/metrics.jsonl", Metric(1));
        _directory.Write("log/.importing-x/run/metrics.jsonl", Metric(9));
        using Process process = CommandLine.Start(_directory.Path, ["tail", "log", "--follow"]);
        Assert.EndsWith(
            "m  1",
            await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        File.Delete(first);
        string second = _directory.Write("log/metrics-000001.jsonl", Metric(2), Metric(3)[..20]);
        Assert.EndsWith(
            "m  2",
            await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        await File.AppendAllTextAsync(second, "!\n" + Metric(4) + "\n", TestContext.Current.CancellationToken);
        Assert.EndsWith(
            "m  4",
            await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        CommandResult end = await CommandLine.FinishAsync(process);
        Assert.Equal((130, ""), (end.ExitCode, end.Output));
        Assert.Contains("2 lines were skipped", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_lines_and_many_of_them_are_read_from_the_end()
    {
        _directory.Write("log/metrics.jsonl", Enumerable.Range(0, 60).Select(i => Metric(i, new string('x', 40_000))));

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "tail", "log", "-n", "2");

        Assert.Equal(["58", "59"], result.Output.TrimEnd().Split('\n').Select(line => line.Split("  ")[^1]));
    }

    [Fact]
    public async Task Following_begins_anew_where_a_file_is_truncated_removed_or_replaced()
    {
        string path = _directory.Write("log/metrics.jsonl", Metric(1), Metric(2));
        using Process process = CommandLine.Start(_directory.Path, ["tail", "log", "--follow"]);
        try
        {
            await ExpectAsync(1, 2);

            File.WriteAllText(path, Metric(3) + "\n");
            await ExpectAsync(3);

            // As long as before, and longer: its length does not tell.
            File.WriteAllText(path, Metric(4) + "\n" + Metric(5) + "\n");
            await ExpectAsync(4, 5);
            string other = _directory.Write("other", Metric(6), Metric(7), Metric(8));
            File.Move(other, path, overwrite: true);
            await ExpectAsync(6, 7, 8);

            Directory.Delete(Path.Combine(_directory.Path, "log"), recursive: true);
            _directory.Write("new/metrics.jsonl", Metric(9));
            Directory.Move(Path.Combine(_directory.Path, "new"), Path.Combine(_directory.Path, "log"));
            await ExpectAsync(9);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        async Task ExpectAsync(params int[] values)
        {
            foreach (int value in values)
                Assert.EndsWith(
                    $"m  {value}",
                    await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken),
                    StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_span_of_time_chooses_among_the_lines()
    {
        _directory.Write("log/metrics.jsonl", Enumerable.Range(0, 9).Select(i => Metric(i)));

        CommandResult result = await CommandLine.RunAsync(
            _directory.Path, "tail", "log", "--since", "2026-11-23T14:25:03Z", "--until", "2026-11-23T14:25:05Z");

        Assert.Equal(["3", "4"], result.Output.TrimEnd().Split('\n').Select(line => line[^1..]));
    }
}
