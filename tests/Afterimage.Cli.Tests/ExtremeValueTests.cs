using System.Globalization;
using System.Text.Json;

namespace Afterimage.Cli.Tests;

/// <summary>Figures at the ends of what numbers can be: every command answers, alike, and none with a number that is none.</summary>
public sealed class ExtremeValueTests : IDisposable
{
    private static readonly DateTime Start = new(2026, 11, 23, 14, 0, 0, DateTimeKind.Utc);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Totals_of_tokens_past_64_bits_stay_at_their_end_in_every_command()
    {
        _directory.Write("log/metrics.jsonl", Enumerable.Range(0, 10_000).Select(i => Line(
            i,
            "\"generation\",\"duration\":1,\"success\":true,\"model_name\":\"m\",\"prompt_token_count\":1000000000000000,"
            + "\"completion_token_count\":1000000000000000,\"unpriced_token_count\":2000000000000000")));

        CommandResult summary = await RunAsync("summary", "log", "--json");
        Assert.Equal(long.MaxValue, summary.Json.GetProperty("total_tokens").GetInt64());
        Assert.Equal(long.MaxValue, summary.Json.GetProperty("cost").GetProperty("unpriced_tokens").GetInt64());
        CommandResult byModel = await RunAsync("summary", "log", "--by", "model");
        Assert.Contains("9,223,372,036,854,775,807", byModel.Output, StringComparison.Ordinal);
        CommandResult compared = await RunAsync("compare", "log", "log", "--json");
        Assert.Equal(long.MaxValue, compared.Json.GetProperty("a").GetProperty("total_tokens").GetInt64());
        CommandResult query = await RunAsync("query", "log", "SELECT sum(prompt_token_count)::VARCHAR FROM calls", "--format", "csv");
        Assert.Contains("10000000000000000000", query.Output, StringComparison.Ordinal);
        await RunAsync("report", "log", "--out", "report.html");
        foreach (string format in (string[])["json", "csv", "excel", "parquet"])
            await RunAsync("export", "log", "--format", format, "--out", $"out.{format}");
        await RunAsync("plot", "log", "--out", "figures");
        await RunAsync("runs", ".");
    }

    [Fact]
    public async Task Values_at_the_ends_of_double_are_shown_and_drawn_by_every_command()
    {
        double[] values = [1.7e308, -1.7e308, double.MaxValue, 0, double.Epsilon, 1.7e308];
        _directory.Write("log/metrics.jsonl", Enumerable.Range(0, 3_000).SelectMany(i => Lines(i, values[i % values.Length])));

        CommandResult summary = await RunAsync("summary", "log", "--json");
        JsonElement metric = summary.Json.GetProperty("metrics").GetProperty("x");
        Assert.InRange(metric.GetProperty("mean").GetDouble(), 5.8e307, 5.9e307);
        Assert.Equal(double.MaxValue, metric.GetProperty("sum").GetDouble());
        await RunAsync("summary", "log");
        await RunAsync("summary", "log", "--by", "model");
        await RunAsync("compare", "log", "log");
        await RunAsync("compare", "log", "log", "--json");
        await RunAsync("runs", ".");
        await RunAsync("report", "log", "--out", "report.html");
        AssertNumbers(File.ReadAllText(Path.Combine(_directory.Path, "report.html")));
        await RunAsync("plot", "log", "x", "--out", "x.png");
        await RunAsync("plot", "log", "generation_time", "--rolling", "100", "--out", "x.svg");
        await RunAsync("plot", "log", "--out", "figures");
        foreach (string format in (string[])["json", "csv", "excel", "parquet"])
            await RunAsync("export", "log", "--format", format, "--out", $"out.{format}");

        static IEnumerable<string> Lines(int i, double value)
        {
            string number = value.ToString("R", CultureInfo.InvariantCulture);
            foreach (string name in (string[])
                ["x", "generation_time", "time_to_first_token", "cost_usd", "total_token_count", "success_rate", "evaluation_score_a"])
            {
                yield return Line(
                    i,
                    $$$"""
                    "metric","metric_name":"{{{name}}}","value":{{{number}}},"metadata":{"model_name":"m{{{i % 100}}}"}
                    """);
            }

            yield return Line(
                i,
                $$$"""
                "generation","duration":1.7e308,"success":true,"model_name":"m{{{i % 3}}}","time_to_first_token":1.7e308
                """);
            yield return Line(
                i,
                $$$"""
                "evaluation","duration":1.7e308,"success":true,"evaluator_type":"e","scores":{"a":{{{number}}},"b":-1.7e308}
                """);
        }
    }

    private static void AssertNumbers(string text)
    {
        foreach (string none in (string[])["NaN", "Infinity", "∞"])
            Assert.DoesNotContain(none, text, StringComparison.Ordinal);
    }

    private static string Line(int second, string content) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"timestamp":"{{Start.AddSeconds(second):yyyy-MM-ddTHH:mm:ss}}Z","event":{{content}}}""");

    private async Task<CommandResult> RunAsync(params string[] arguments)
    {
        CommandResult result = await CommandLine.RunAsync(_directory.Path, arguments);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.DoesNotContain("-9,223", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("-9223", result.Output, StringComparison.Ordinal);
        AssertNumbers(result.Output);
        return result;
    }
}
