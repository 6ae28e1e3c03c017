using System.Text.Json;

namespace Afterimage.Cli.Tests;

public sealed class DemoTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    [Fact]
    public async Task It_records_a_simulated_run_whose_alerts_fire_and_end()
    {
        JsonElement demo = (await RunAsync("demo", "--json", "--log-dir", "log")).Json;
        JsonElement summary = (await RunAsync("summary", "log", "--json")).Json;

        Assert.True(demo.GetProperty("simulated").GetBoolean());
        Assert.Equal(3000, demo.GetProperty("generations").GetInt64());
        Assert.True(demo.GetProperty("evaluations").GetInt64() > 0);
        Agreement.Assert(demo, summary);
        JsonElement[] errors =
        [
            .. demo.GetProperty("alerts").EnumerateArray().Where(a => a.GetProperty("name").GetString() == "high_error_rate"),
        ];
        Assert.Equal(2, errors.Length);
        Assert.True(errors[1].GetProperty("data").GetProperty("resolved").GetBoolean());
    }

    [Fact]
    public async Task It_is_the_same_run_every_time()
    {
        JsonElement first = (await RunAsync("demo", "--json", "--generations", "200", "--log-dir", "one")).Json;
        JsonElement second = (await RunAsync("demo", "--json", "--generations", "200", "--log-dir", "two")).Json;

        Assert.Equal(200, first.GetProperty("generations").GetInt64());
        Assert.Equal(first.GetProperty("metrics").GetRawText(), second.GetProperty("metrics").GetRawText());
        Assert.Equal(first.GetProperty("by_model").GetRawText(), second.GetProperty("by_model").GetRawText());
    }

    [Fact]
    public async Task The_text_says_that_it_is_simulated_what_fired_and_what_to_do_next()
    {
        CommandResult result = await RunAsync("demo");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("simulated: no model was called", result.Output, StringComparison.Ordinal);
        Assert.Contains("alerts (", result.Output, StringComparison.Ordinal);
        string next = Assert.Single(
            result.Output.Split('\n'),
            line => line.StartsWith("Next: afterimage report ", StringComparison.Ordinal));
        Assert.All(result.Output.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 80));
        Assert.Contains($"\n      afterimage summary \"{next.Split('"')[1]}\"\n", result.Output, StringComparison.Ordinal);
        JsonElement summary = (await RunAsync("summary", next.Split('"')[1], "--json")).Json;
        Assert.Equal(3000, summary.GetProperty("generations").GetInt64());
    }
}
