using System.Text.Json;

namespace Afterimage.Cli.Tests;

public sealed class PricesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_table_in_force_is_listed_with_its_date_and_where_each_price_is_from()
    {
        CommandResult text = await CommandLine.RunAsync(_directory.Path, "prices");
        JsonElement json = (await CommandLine.RunAsync(_directory.Path, "prices", "--json")).Json;

        Assert.Contains($"{ModelPricing.WellKnownDate:yyyy-MM-dd}", text.Output, StringComparison.Ordinal);
        Assert.Contains("litellm: gpt-4o-mini", text.Output, StringComparison.Ordinal);
        Assert.Equal($"{ModelPricing.WellKnownDate:yyyy-MM-dd}", json.GetProperty("date").GetString());
        Assert.Equal(ModelPricing.WellKnown.Prices.Count, json.GetProperty("models").GetArrayLength());
        Assert.All(json.GetProperty("models").EnumerateArray(), model => Assert.NotEmpty(model.GetProperty("source").GetString()!));
    }

    [Fact]
    public async Task A_file_s_models_without_a_price_are_counted_with_the_reason()
    {
        _directory.Write(
            "prices.json",
            """
            {"a": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
             "b": {"input_cost_per_pixel": 1e-6}, "c": {"input_cost_per_pixel": 1e-6}}
            """);

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "prices", "--pricing", "prices.json", "--json");

        Assert.Contains("2 of 3 models have no price", result.Error, StringComparison.Ordinal);
        Assert.Contains("(2: \"input_cost_per_token\" and \"output_cost_per_token\" are required)", result.Error, StringComparison.Ordinal);
        Assert.Equal(["b", "c"], result.Json.GetProperty("left_out").EnumerateObject().Select(model => model.Name));
        Assert.Equal(
            2,
            Assert.Single(result.Json.GetProperty("models").EnumerateArray()).GetProperty("prices").GetProperty("output").GetDecimal());
    }

    [Fact]
    public async Task Models_of_a_log_without_a_price_are_named()
    {
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(Path.Combine(_directory.Path, "log"))))
        {
            Track("gpt-4o-2024-08-06", null, 1);
            Track("served-as", "gpt-4o", 2);
            Track("unheard\u001b[31m", null, 3);
            Track("unheard\u001b[31m", null, 4);
            Track("other", "unheard-too", 5);

            void Track(string model, string? asked, long tokens) => monitor.TrackGeneration(
                TimeSpan.FromSeconds(1),
                true,
                new() { ModelName = model, RequestModel = asked, PromptTokenCount = tokens });
        }

        CommandResult text = await CommandLine.RunAsync(_directory.Path, "prices", "log");
        JsonElement json = (await CommandLine.RunAsync(_directory.Path, "prices", "log", "--json")).Json;

        Assert.Contains("2 of 4 models", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text.Output);
        Assert.Equal(
            [("unheard\u001b[31m", 2, 7L), ("other", 1, 5L)],
            json.GetProperty("without_price").EnumerateArray().Select(model => (
                model.GetProperty("model_name").GetString(),
                model.GetProperty("calls").GetInt32(),
                model.GetProperty("total_tokens").GetInt64())));
    }

    [Fact]
    public async Task Two_files_are_compared_price_by_price()
    {
        _directory.Write(
            "old.json",
            """
            {"models": [{"name": "gone", "input": 1, "output": 2}, {"name": "m", "input": 1, "output": 2, "cached_input": 0.5,
              "long_context": [{"above": 1000, "input": 3}]}, {"name": "same", "input": 1, "output": 1}]}
            """);
        _directory.Write(
            "new.json",
            """
            {"models": [{"name": "m", "input": 1.25, "output": 2, "long_context": [{"above": 1000, "input": 4}]},
              {"name": "same", "input": 1, "output": 1}]}
            """);

        JsonElement json = (await CommandLine.RunAsync(_directory.Path, "prices", "--diff", "old.json", "new.json", "--json")).Json;
        CommandResult text = await CommandLine.RunAsync(_directory.Path, "prices", "--diff", "old.json", "new.json");
        CommandResult same = await CommandLine.RunAsync(_directory.Path, "prices", "--diff", "old.json", "old.json");

        Assert.Equal(
            [
                "gone input 1 -", "gone output 2 -", "m input 1 1.25", "m cached_input 0.5 -", "m above 1000 input 3 4",
                "m above 1000 cached_input 0.5 -",
            ],
            json.GetProperty("changes").EnumerateArray().Select(change =>
                $"{change.GetProperty("model").GetString()} {change.GetProperty("price").GetString()} "
                + $"{Price(change, "old")} {Price(change, "new")}"));
        Assert.Contains("+25.0 %", text.Output, StringComparison.Ordinal);
        Assert.Equal("no difference\n", same.Output);

        static string Price(JsonElement change, string name) =>
            change.TryGetProperty(name, out JsonElement dollars) ? dollars.ToString() : "-";
    }

    [Theory]
    [InlineData("--pricing", "nowhere.json")]
    [InlineData("--diff", "nowhere.json", "nowhere.json")]
    [InlineData("nowhere")]
    public async Task What_cannot_be_read_is_said(params string[] arguments)
    {
        CommandResult result = await CommandLine.RunAsync(_directory.Path, ["prices", .. arguments]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("nowhere", result.Error, StringComparison.Ordinal);
    }
}
