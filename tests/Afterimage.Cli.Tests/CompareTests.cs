using System.Text.Json;

namespace Afterimage.Cli.Tests;

public sealed class CompareTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static IEnumerable<string> Generations(int count, double seconds, string model) =>
        Enumerable
            .Range(0, count)
            .Select(i =>
                $$"""{"timestamp":"2026-11-23T14:25:{{i % 60:00}}Z","event":"generation","duration":{{seconds}}{{i % 10}},"success":true"""
                + $$""","model_name":{{JsonSerializer.Serialize(model)}},"prompt_token_count":100,"cost_usd":0.0025}"""
            );

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    [Fact]
    public async Task Cost_is_shown_by_what_came_of_it_and_with_what_is_not_known()
    {
        const string Score =
            """{"timestamp":"2026-11-23T14:25:38Z","event":"evaluation","duration":1,"success":true"""
            + ""","evaluator_type":"e","scores":{"depth":0.5}}""";
        const string Unknown =
            """{"timestamp":"2026-11-23T14:25:38Z","event":"generation","duration":1,"success":false"""
            + ""","model_name":"u","prompt_token_count":7,"unpriced_token_count":7}""";
        _directory.Write("a/metrics.jsonl", [.. Generations(200, 1, "m"), Score, Score]);
        _directory.Write(
            "b/metrics.jsonl",
            [.. Generations(100, 1, "m"), Unknown, Unknown.Replace("\"u\"", "\"u\",\"usage_missing\":true")]);

        string output = (await RunAsync("compare", "a", "b")).Output;
        JsonElement cost = (await RunAsync("compare", "a", "b", "--json")).Json.GetProperty("a").GetProperty("cost");

        Assert.Contains("$0.5000, $0.002500 a successful generation, $0.2500 an evaluation point", output, StringComparison.Ordinal);
        Assert.Contains("$0.2500 +?, $0.002500 a successful generation", output, StringComparison.Ordinal);
        Assert.Contains("14 tokens without a price, 1 calls without usage", output, StringComparison.Ordinal);
        Assert.Contains("no price", output, StringComparison.Ordinal);
        Assert.Equal(0.0025m, cost.GetProperty("usd_per_successful_generation").GetDecimal());
        Assert.Equal(0.25m, cost.GetProperty("usd_per_evaluation_point").GetDecimal());
    }

    [Fact]
    public async Task Two_runs_stand_side_by_side()
    {
        _directory.Write("a/metrics.jsonl", [.. Generations(200, 1, "gpt-4o"), "torn"]);
        _directory.Write(
            "b/metrics.jsonl",
            [.. Generations(180, 2, "gpt-4o"), .. Generations(20, 2, "=cmd|' /C calc'!A0 [red] \u001b[31m")]);

        CommandResult table = await RunAsync("compare", "a", "b");
        JsonElement json = (await RunAsync("compare", "a", "b", "--json")).Json;

        string[] lines = [.. table.Output.Split('\n').Select(line => line.TrimEnd())];
        Assert.Contains("   1 lines skipped", lines);
        Assert.Contains(
            lines,
            line => line.StartsWith(" generation_time", StringComparison.Ordinal) && line.Contains("n 200", StringComparison.Ordinal));
        Assert.Contains(
            lines,
            line =>
                line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["mean", "14.50", .., "24.50", _, "+69.0", "%", "<.001", "beyond"]
        );
        Assert.Contains(lines, line => line.Contains("cost_usd in 1/1000", StringComparison.Ordinal));
        Assert.Contains(
            lines,
            line => line.StartsWith(" gpt-4o ", StringComparison.Ordinal) && line.EndsWith("$0.5000   $0.4500", StringComparison.Ordinal));
        Assert.DoesNotContain('\u001b', table.Output);
        Assert.All(lines, line => Assert.True(line.Length <= 100, line));

        Assert.Equal(200, json.GetProperty("a").GetProperty("generations").GetInt64());
        Assert.Equal(1, json.GetProperty("a").GetProperty("skipped_lines").GetInt64());
        JsonElement time = json.GetProperty("metrics").GetProperty("generation_time");
        Assert.Equal("number", time.GetProperty("kind").GetString());
        Assert.Equal(200, time.GetProperty("b").GetProperty("count").GetInt64());
        JsonElement mean = time.GetProperty("differences").GetProperty("mean");
        Assert.Equal(("welch", "beyond_chance"), (mean.GetProperty("test").GetString(), mean.GetProperty("verdict").GetString()));
        Assert.Equal(10, mean.GetProperty("value").GetDouble(), 9);
        Assert.True(mean.GetProperty("lower").GetDouble() < 10 && mean.GetProperty("upper").GetDouble() > 10);
        Assert.Equal("too_few_points", time.GetProperty("differences").GetProperty("p99").GetProperty("verdict").GetString());
        Assert.Equal(JsonValueKind.Null, time.GetProperty("differences").GetProperty("p99").GetProperty("p_value").ValueKind);
        Assert.Equal(2, json.GetProperty("models").GetArrayLength());
        Assert.Equal(
            "fisher_exact",
            json.GetProperty("metrics")
                .GetProperty("model_usage:gpt-4o")
                .GetProperty("differences")
                .GetProperty("mean")
                .GetProperty("test")
                .GetString());
    }

    [Fact]
    public async Task A_directory_that_is_none_is_named()
    {
        _directory.Write("a/metrics.jsonl");

        foreach (string[] arguments in (string[][])[["compare", "a", "nothing"], ["compare", "nothing", "a"]])
        {
            CommandResult result = await RunAsync(arguments);
            Assert.Equal((2, ""), (result.ExitCode, result.Output));
            Assert.Contains("nothing", Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }

        Assert.Equal(0, (await RunAsync("compare", "a", "a")).ExitCode);
    }
}
