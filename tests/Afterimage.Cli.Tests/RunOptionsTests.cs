using System.Globalization;
using System.Text.Json;

namespace Afterimage.Cli.Tests;

/// <summary>Budgets, prices and rules of demo and replay.</summary>
public sealed class RunOptionsTests : IDisposable
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    [Fact]
    public async Task The_demo_costs_what_its_made_up_prices_make_of_its_tokens_and_says_so()
    {
        var prices = new Dictionary<string, (decimal Input, decimal Output)>
        {
            ["simulated-large"] = (3, 15),
            ["simulated-small"] = (0.8m, 4),
            ["simulated-mini"] = (0.15m, 0.6m),
            ["simulated-judge"] = (1, 5),
        };

        JsonElement demo = (await RunAsync("demo", "--json", "--log-dir", "log")).Json;
        JsonElement summary = (await RunAsync("summary", "log", "--json")).Json;
        CommandResult text = await RunAsync("summary", "log");

        decimal expected = demo.GetProperty("by_model").EnumerateArray().Sum(m =>
            ((prices[m.GetProperty("model_name").GetString()!].Input * m.GetProperty("prompt_tokens").GetInt64())
                + (prices[m.GetProperty("model_name").GetString()!].Output * m.GetProperty("completion_tokens").GetInt64())) / 1_000_000);
        Assert.Equal(expected, demo.GetProperty("cost").GetProperty("total_usd").GetDecimal(), 9);
        Assert.Equal(0, demo.GetProperty("cost").GetProperty("unpriced_tokens").GetInt64());
        Assert.True(demo.GetProperty("simulated").GetBoolean());
        Assert.False(demo.TryGetProperty("budget", out _));
        Agreement.Assert(demo, summary);
        Assert.Contains(FormattableString.Invariant($"cost            ${expected:0.00}, "), text.Output, StringComparison.Ordinal);
        Assert.Contains("prices          simulated", (await RunAsync("demo", "--generations", "10")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spent_budget_stops_the_demo_with_an_exit_code_and_a_sentence_of_its_own()
    {
        CommandResult result = await RunAsync("demo", "--json", "--budget-usd", "1.5", "--log-dir", "log");
        CommandResult again = await RunAsync("demo", "--budget-usd", "1.5");

        Assert.Equal(3, result.ExitCode);
        JsonElement demo = JsonDocument.Parse(result.Output).RootElement;
        JsonElement budget = demo.GetProperty("budget");
        decimal spent = budget.GetProperty("spent_usd").GetDecimal();

        // It stops behind the call that reaches the limit; no call of the demo costs more than two and a half cents.
        Assert.InRange(spent, 1.5m, 1.525m);
        Assert.True(budget.GetProperty("is_spent").GetBoolean());
        Assert.Equal(0, budget.GetProperty("remaining_usd").GetDecimal());
        Assert.Equal(spent, demo.GetProperty("cost").GetProperty("total_usd").GetDecimal(), 9);
        long generations = demo.GetProperty("generations").GetInt64();
        Assert.InRange(generations, 100, 2_000);
        Assert.Equal(generations, (await RunAsync("summary", "log", "--json")).Json.GetProperty("generations").GetInt64());
        Assert.Contains("afterimage: the budget is spent, $1.5", result.Error, StringComparison.Ordinal);
        Assert.Contains(
            $" of $1.50: stopped after {generations.ToString("N0", CultureInfo.InvariantCulture)} generations.",
            result.Error,
            StringComparison.Ordinal);
        string[] alerts =
        [
            .. demo.GetProperty("alerts").EnumerateArray().Select(a => a.GetProperty("name").GetString()!).Where(n => n == "budget:run"),
        ];
        Assert.Equal(4, alerts.Length);

        Assert.Equal(3, again.ExitCode);
        Assert.Contains("budget          spent: $1.5", again.Output, StringComparison.Ordinal);
        Assert.All(again.Output.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 80));
    }

    [Fact]
    public async Task A_budget_that_is_large_enough_is_shown_with_what_is_left()
    {
        CommandResult result = await RunAsync("demo", "--generations", "100", "--budget-usd", "1000");

        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"budget +\$999\.\d\d of \$1,000\.00 left", result.Output);
    }

    /// <summary>Prices with a tier, in each form that a file may have, against a sum of the trace's own numbers.</summary>
    [Theory]
    [InlineData("prices.json", """{"models": [{"name": "m", "input": 1, "output": 2.5, "long_context": [{"above": 4000, "input": 2}]}]}""")]
    [InlineData(
        "prices.yaml",
        "# ours\nmodels:\n  - name: m\n    input: 1\n    output: 2.5\n    long_context: [{above: 4000, input: 2}]\n")]
    [InlineData("PRICES.YML", "models: [{name: 'm', input: \"1\", output: 2.50, long_context: [{above: 4000, input: 2.0}]}]")]
    [InlineData(
        "model_prices_and_context_window.json",
        """{"sample_spec": {"input_cost_per_token": 0, "output_cost_per_token": 0}, "m": {"input_cost_per_token": 1e-06"""
            + """, "output_cost_per_token": 2.5e-06, "input_cost_per_token_above_4k_tokens": 2e-06, "mode": "chat"}}"""
    )]
    public async Task A_replay_is_priced_by_a_file(string file, string content)
    {
        string prices = _directory.Write(file, content);
        string trace = _directory.Write(
            "trace.csv",
            Header,
            "2023-11-16 18:15:46,4000,10",
            "2023-11-16 18:15:47,4001,10",
            "2023-11-16 18:15:48,123,1000");

        JsonElement replay = (
            await RunAsync("replay", trace, "--model", "vendor/m-2024-05-13", "--pricing", prices, "--json", "--log-dir", "log")).Json;

        const decimal Expected = (4000m + (2 * 4001) + 123 + (2.5m * 1020)) / 1_000_000;
        Assert.Equal(Expected, replay.GetProperty("cost").GetProperty("total_usd").GetDecimal(), 12);
        Agreement.Assert(replay, (await RunAsync("summary", "log", "--json")).Json);
    }

    [Fact]
    public async Task What_has_no_price_is_said_to_have_none_and_is_never_free()
    {
        string prices = _directory.Write("prices.json", """{"models": [{"name": "other", "input": 1, "output": 2}]}""");
        string trace = _directory.Write("trace.csv", Header, "2023-11-16 18:15:46,5,6");

        CommandResult replay = await RunAsync("replay", trace, "--pricing", prices);
        CommandResult summary = await RunAsync("summary", _directory.Path);
        JsonElement cost = (await RunAsync("summary", _directory.Path, "--json")).Json.GetProperty("cost");

        foreach (CommandResult result in new[] { replay, summary })
        {
            Assert.Contains("no price", result.Output, StringComparison.Ordinal);
            Assert.Matches(@"without a price +11 tokens, not in the cost", result.Output);
        }

        Assert.Equal(11, cost.GetProperty("unpriced_tokens").GetInt64());
        Assert.False(cost.GetProperty("by_model")[0].TryGetProperty("cost_usd", out _));
    }

    [Fact]
    public async Task Without_prices_nothing_is_said_of_cost()
    {
        string trace = _directory.Write("trace.csv", Header, "2023-11-16 18:15:46,5,6");

        JsonElement replay = (await RunAsync("replay", trace, "--json", "--log-dir", "log", "--model", "gpt-4o")).Json;

        Assert.False(replay.TryGetProperty("cost", out _));
        Assert.False((await RunAsync("summary", "log", "--json")).Json.TryGetProperty("cost", out _));
        Assert.DoesNotContain("cost", (await RunAsync("summary", "log")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_budget_of_a_replay_uses_well_known_prices_and_says_they_are_unchecked()
    {
        string trace = _directory.Write(
            "trace.csv",
            Header,
            "2023-11-16 18:15:46,1000000,0",
            "2023-11-16 18:15:47,1000000,0",
            "2023-11-16 18:15:48,1000000,0");

        CommandResult replay = await RunAsync("replay", trace, "--model", "gpt-4o", "--budget-usd", "4");

        Assert.Equal(3, replay.ExitCode);
        Assert.Matches(@"generations +2,", replay.Output);
        Assert.Matches(@"prices +list prices as known on \d{4}-\d\d-\d\d, not checked since", replay.Output);
        Assert.Contains("the budget is spent, $5.00 of $4.00: stopped after 2 generations.", replay.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "rules.json",
        """{"rules": [{"name": "dear", "metric": "cost_usd", "aggregate": "sum", "threshold": 0.1, "window": "01:00:00"}"""
            + """, {"name": "high_error_rate", "metric": "error_rate", "threshold": 1}]}"""
    )]
    [InlineData(
        "rules.yaml",
        "rules:\n- {name: dear, metric: cost_usd, aggregate: sum, threshold: 0.1, window: \"01:00:00\"}\n"
            + "- {name: high_error_rate, metric: error_rate, threshold: 1}\n"
    )]
    public async Task Rules_of_a_file_are_watched_beside_the_built_in_ones_and_in_their_place(string file, string content)
    {
        string rules = _directory.Write(file, content);

        JsonElement demo = (await RunAsync("demo", "--json", "--rules", rules)).Json;
        CommandResult text = await RunAsync("demo", "--rules", rules);

        JsonElement[] states = [.. demo.GetProperty("alert_states").EnumerateArray()];
        Assert.Equal(8, states.Length);
        JsonElement dear = Assert.Single(states, s => s.GetProperty("name").GetString() == "dear");
        Assert.Equal("firing", dear.GetProperty("state").GetString());
        Assert.True(dear.GetProperty("value").GetDouble() > 0.1);
        Assert.Equal(JsonValueKind.String, dear.GetProperty("since").ValueKind);
        string[] names = [.. demo.GetProperty("alerts").EnumerateArray().Select(a => a.GetProperty("name").GetString()!)];
        Assert.Contains("dear", names);
        Assert.DoesNotContain("high_error_rate", names);
        Assert.Matches(@"alert rules +1 firing \(dear\); ", text.Output);
    }

    [Theory]
    [InlineData("x.json", "{", "not valid JSON", "--pricing", "x.json")]
    [InlineData("x.json", """{"models": [{"name": "m", "input": -1, "output": 1}]}""", "models[0].input", "--pricing", "x.json")]
    [InlineData("x.json", """{"rules": [{"name": "m", "threshold": 1}]}""", "rules[0].metric", "--rules", "x.json")]
    [InlineData("x.yaml", "models: [{name: m, input: [1}]", "not valid YAML", "--pricing", "x.yaml")]
    [InlineData("x.yaml", "a: [1\nb: 2", "not valid YAML", "--pricing", "x.yaml")]
    [InlineData("x.yaml", "a: &x [*x]", "nested", "--pricing", "x.yaml")]
    [InlineData(
        "x.yaml",
        "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            + "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
            + "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]",
        "at most a million values",
        "--pricing",
        "x.yaml")]
    [InlineData("x.yaml", "? [a]\n: 1", "key", "--pricing", "x.yaml")]
    [InlineData("x.yaml", "a: 1\n---\nb: 2", "one document", "--pricing", "x.yaml")]
    [InlineData("x.yaml", "rules:\n- name: m\n  metric: m\n  threshold: high", "rules[0].threshold", "--rules", "x.yaml")]
    [InlineData("x.json", "{}", "cannot be read", "--rules", "nowhere.json")]
    [InlineData("x.json", "{}", "--budget-usd must be an amount of US dollars", "--budget-usd", "0")]
    [InlineData("x.json", "{}", "--budget-usd must be an amount of US dollars", "--budget-usd", "ten")]
    [InlineData(
        "x.json",
        """{"models": [{"name": "m", "input": 1, "output": 1}]}""",
        "simulated-large",
        "--pricing",
        "x.json",
        "--budget-usd",
        "1")]
    public async Task What_is_wrong_is_said_before_anything_is_recorded(
        string file,
        string content,
        string message,
        params string[] arguments)
    {
        _directory.Write(file, content);

        CommandResult result = await RunAsync(["demo", "--log-dir", "log", .. arguments]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(Path.Combine(_directory.Path, "log")));
    }

    [Theory]
    [InlineData("--pricing", "x.yaml")]
    [InlineData("--rules", "x.yaml")]
    [InlineData("--pricing", "x.json")]
    [InlineData("--rules", "x.json")]
    public async Task Brackets_within_brackets_without_end_are_refused(string option, string file)
    {
        _directory.Write(file, new string('[', 100_000));

        CommandResult result = await RunAsync("demo", option, file);

        Assert.Equal(2, result.ExitCode);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_rule_whose_metric_never_came_is_named()
    {
        _directory.Write(
            "rules.json",
            "{\"rules\":[{\"name\":\"typo\",\"metric\":\"generation_tiem\",\"threshold\":1},",
            "{\"name\":\"good\",\"metric\":\"generation_time\",\"threshold\":1}]}");

        CommandResult result = await CommandLine.RunAsync(
            _directory.Path, "demo", "--generations", "10", "--log-dir", "run", "--rules", "rules.json", "--json");

        string said = Assert.Single(result.Error.Split('\n'), line => line.StartsWith("afterimage: the rule", StringComparison.Ordinal));
        Assert.Contains("'typo' was never evaluated: no point of the metric 'generation_tiem'", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_into_a_directory_that_holds_one_says_so()
    {
        CommandResult first = await CommandLine.RunAsync(_directory.Path, "demo", "--generations", "10", "--log-dir", "run", "--json");
        CommandResult second = await CommandLine.RunAsync(_directory.Path, "demo", "--generations", "10", "--log-dir", "run", "--json");

        Assert.DoesNotContain("already contains a run", first.Error, StringComparison.Ordinal);
        Assert.Contains("'run' already contains a run: the records of this run are added to it.", second.Error, StringComparison.Ordinal);
    }
}
