using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring.Tests.Alerts;

public sealed class AlertRuleSettingsTests
{
    private static readonly AlertRule Full = new()
    {
        Name = "r",
        Metric = "generation_time",
        Aggregate = AlertAggregate.StandardDeviation,
        Quantile = 0.5,
        Window = TimeSpan.FromHours(1),
        Comparison = AlertComparison.Below,
        Threshold = -2.5,
        Level = AlertLevel.Error,
        For = TimeSpan.FromSeconds(90),
        MinimumCount = 20,
        RepeatInterval = TimeSpan.FromDays(1),
        ModelName = "m",
        Tag = new("tenant_id", "A 1"),
        Objective = 0.999,
        ShortWindow = TimeSpan.FromMinutes(1),
        BaselineCount = 100,
        Label = "l",
        Unit = "s",
    };

    private static readonly AlertRule Rate = Full with { Name = "rate", Aggregate = AlertAggregate.Mean };

    [Fact]
    public void Rules_are_read_from_text_and_from_configuration_alike()
    {
        const string Json = """
            {"rules": [
              {"name": "r", "metric": "generation_time", "aggregate": "standard_deviation", "quantile": 0.5, "window": 3600,
               "comparison": "below", "threshold": -2.5,
               "level": "error", "for": "00:01:30", "minimum_count": 20, "repeat_interval": "1.00:00:00", "model_name": "m",
               "tag": {"key": "tenant_id", "value": "A 1"}, "objective": 0.999, "short_window": 60,
               "baseline_count": 100, "label": "l", "unit": "s"},
              {"name": "s", "metric": "x", "threshold": 1}
            ]}
            """;
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Rules:0:Name"] = "r",
            ["Rules:0:Metric"] = "generation_time",
            ["Rules:0:Aggregate"] = "StandardDeviation",
            ["Rules:0:Quantile"] = "0.5",
            ["Rules:0:Window"] = "01:00:00",
            ["Rules:0:Comparison"] = "Below",
            ["Rules:0:Threshold"] = "-2.5",
            ["Rules:0:Level"] = "Error",
            ["Rules:0:For"] = "90",
            ["Rules:0:MinimumCount"] = "20",
            ["Rules:0:RepeatInterval"] = "86400",
            ["Rules:0:ModelName"] = "m",
            ["Rules:0:Tag:Key"] = "tenant_id",
            ["Rules:0:Tag:Value"] = "A 1",
            ["Rules:0:Objective"] = "0.999",
            ["Rules:0:ShortWindow"] = "60",
            ["Rules:0:BaselineCount"] = "100",
            ["Rules:0:Label"] = "l",
            ["Rules:0:Unit"] = "s",
            ["Rules:1:Name"] = "s",
            ["Rules:1:Metric"] = "x",
            ["Rules:1:Threshold"] = "1",
        }).Build();

        AlertRule[] expected = [Full, new AlertRule { Name = "s", Metric = "x", Threshold = 1 }];
        Assert.Equal(expected, AlertRule.Parse(Json));
        Assert.Equal(expected, AlertRule.FromConfiguration(configuration));
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("rules.json"), Json);
        Assert.Equal(expected, AlertRule.Load(directory.File("rules.json")));
        Assert.Empty(AlertRule.Parse("{}"));
    }

    [Theory]
    [InlineData("1e6", 1e6)]
    [InlineData("100", 100)]
    public void A_drift_may_be_given_its_average_run_length(string text, double points)
    {
        AlertRule rule = Assert.Single(
            AlertRule.Parse($$"""{"rules": [{"name": "r", "metric": "m", "aggregate": "drift", "average_run_length": {{text}}}]}"""));
        Assert.Equal(AlertRule.DriftThreshold(points), rule.Threshold);
    }

    [Fact]
    public void A_rate_may_be_given_its_confidence()
    {
        AlertRule rule = Assert.Single(
            AlertRule.Parse("""{"rules": [{"name": "r", "metric": "m", "threshold": 0.5, "confidence": 0.95}]}"""));
        Assert.Equal(0.95, rule.Confidence);
    }

    [Theory]
    [InlineData("\"threshold\": 1", "rules[0].metric: is required")]
    [InlineData("\"metric\": \"m\"", "rules[0].threshold: is required")]
    [InlineData("\"metric\": \"m\", \"threshold\": \"high\"", "rules[0].threshold: must be a number, not 'high'")]
    [InlineData(
        "\"metric\": \"m\", \"threshold\": 1, \"window\": \"5m\"",
        "rules[0].window: must be a time such as 300 (seconds) or 00:05:00, not '5m'")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"window\": 0", "rules[0].window: ")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"aggregate\": \"median\"", "rules[0].aggregate: must be one of Mean, ")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"comparison\": 7", "rules[0].comparison: ")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"minimum_count\": 1.5", "rules[0].minimum_count: ")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"for\": -1", "rules[0].for: ")]
    [InlineData("\"metrik\": \"m\", \"threshold\": 1", "rules[0].metrik: there is no such")]
    [InlineData("\"metric\": \"m\", \"treshold\": 1", "rules[0].treshold: there is no such")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"threshold\": 2", "The text is not valid JSON: Duplicate property 'threshold'")]
    [InlineData(
        "\"metric\": \"m\", \"threshold\": 1, \"model_name\": \"a\", \"ModelName\": \"b\"",
        "rules[0].ModelName: must not occur twice")]
    [InlineData("\"metric\": \"\\ud83d\", \"threshold\": 1", "The text contains half of a surrogate pair (line 1)")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"treshold\": 1", "rules[0].treshold: there is no such")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"confidence\": 95", "rules[0].confidence: ")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"short_window\": 301", "rules[0].short_window: ")]
    [InlineData("\"metric\": \"m\", \"threshold\": 1, \"tags\": {\"a\": 1}", "rules[0].tags: there is no such")]
    [InlineData(
        "\"metric\": \"m\", \"threshold\": 1, \"tag\": {\"key\": \"a\", \"value\": \"b\", \"values\": 1}",
        "rules[0].tag.values: there is no such")]
    [InlineData(
        "\"metric\": \"m\", \"aggregate\": \"drift\", \"average_run_length\": 99",
        "rules[0].average_run_length: must be at least 100 points.")]
    [InlineData(
        "\"metric\": \"m\", \"aggregate\": \"drift\", \"threshold\": 5, \"average_run_length\": 500",
        "rules[0].average_run_length: must not be given together with a threshold.")]
    [InlineData("\"metric\": \"m\", \"average_run_length\": 500, \"threshold\": 5", "rules[0].average_run_length: there is no such")]
    [InlineData(
        "\"metric\": \"m\", \"threshold\": 1}, {\"name\": \"r\", \"metric\": \"m\", \"threshold\": 2",
        "rules[1].name: 'r' must not occur twice")]
    public void What_is_wrong_is_said_with_the_name_of_the_field(string fields, string message) =>
        Assert.StartsWith(
            message,
            Assert.Throws<FormatException>(() => AlertRule.Parse($$"""{"rules": [{"name": "r", {{fields}}}]}""")).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("Rules:0:Threshold", "high", "Rules[0].threshold: must be a number, not 'high'")]
    [InlineData("Rules:0:Window", "5m", "Rules[0].window: must be a time such as 300 (seconds) or 00:05:00, not '5m'")]
    [InlineData("Rules:0:Agregate", "Mean", "Rules[0].Agregate: there is no such")]
    [InlineData("Rules:0:Tag:Value", "x", "Rules[0].Tag.key: is required")]
    [InlineData("Rules", "x", "rules: must be a list")]
    [InlineData("Rule:0:Name", "x", "Rule: there is no such")]
    public void What_is_wrong_in_a_configuration_is_said_with_the_name_of_the_field(string key, string value, string message)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Rules:0:Name"] = "r",
            ["Rules:0:Metric"] = "m",
            ["Rules:0:Threshold"] = "1",
            [key] = value,
        };
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

        Assert.StartsWith(
            message,
            Assert.Throws<FormatException>(() => AlertRule.FromConfiguration(configuration)).Message,
            StringComparison.Ordinal);
    }

    public static TheoryData<AlertRule, string, string> BadRules => new()
    {
        { Full with { Name = "" }, "Name", "is required." },
        { Full with { Metric = "" }, "Metric", "is required." },
        { Full with { Aggregate = (AlertAggregate)99 }, "Aggregate", "must be a defined AlertAggregate." },
        { Full with { Quantile = 1.1 }, "Quantile", "must be from 0 to 1." },
        { Full with { Quantile = -0.1 }, "Quantile", "must be from 0 to 1." },
        { Full with { Window = TimeSpan.Zero }, "Window", "must be greater than zero." },
        { Full with { Comparison = (AlertComparison)2 }, "Comparison", "must be Above or Below." },
        { Full with { Threshold = double.NaN }, "Threshold", "must be a number." },
        {
            Full with { Aggregate = AlertAggregate.Drift, Threshold = 0 },
            "Threshold",
            "must be greater than zero for the aggregate Drift."
        },
        {
            Full with { Aggregate = AlertAggregate.BurnRate },
            "Threshold",
            "must be greater than zero for the aggregate BurnRate."
        },
        { Full with { Level = (AlertLevel)3 }, "Level", "must be Info, Warning or Error." },
        { Full with { For = TimeSpan.FromTicks(-1) }, "For", "must not be negative." },
        { Full with { MinimumCount = -1 }, "MinimumCount", "must not be negative." },
        { Full with { RepeatInterval = TimeSpan.Zero }, "RepeatInterval", "must be greater than zero." },
        { Full with { ModelName = "" }, "ModelName", "must not be empty." },
        { Full with { Tag = new("", "v") }, "Tag", "must have a key and a value." },
        { Full with { Tag = default(KeyValuePair<string, string>) }, "Tag", "must have a key and a value." },
        { Rate with { Confidence = 0.5 }, "Confidence", "must be greater than 0.5 and less than 1." },
        { Rate with { Confidence = 1 }, "Confidence", "must be greater than 0.5 and less than 1." },
        { Full with { Confidence = 0.9 }, "Confidence", "must be set only for the mean of a rate." },
        { Full with { Objective = 0 }, "Objective", "must be greater than 0 and less than 1." },
        { Full with { Objective = 1 }, "Objective", "must be greater than 0 and less than 1." },
        { Full with { ShortWindow = TimeSpan.Zero }, "ShortWindow", "must be greater than zero and at most the window." },
        { Full with { ShortWindow = TimeSpan.FromHours(2) }, "ShortWindow", "must be greater than zero and at most the window." },
        { Full with { BaselineCount = 49 }, "BaselineCount", "must be from 50 to 100000." },
        { Full with { BaselineCount = 100_001 }, "BaselineCount", "must be from 50 to 100000." },
    };

    [Theory]
    [MemberData(nameof(BadRules), DisableDiscoveryEnumeration = true)]
    public void A_monitor_refuses_a_rule_by_its_place_and_field(AlertRule rule, string field, string text)
    {
        var options = new GenerationMonitorOptions { AlertRules = { new AlertRule { Name = "good", Metric = "m", Threshold = 1 }, rule } };
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new GenerationMonitor(options));
        Assert.Equal($"AlertRules[1].{field}", refused.ParamName);
        Assert.StartsWith($"{field} {text}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_monitor_takes_a_rule_whose_settings_are_at_the_ends_of_their_ranges()
    {
        AlertRule[] rules =
        [
            Full with { Name = "low", Quantile = 0, BaselineCount = 50, For = TimeSpan.Zero, MinimumCount = 0 },
            Full with { Name = "high", Quantile = 1, BaselineCount = 100_000, ShortWindow = Full.Window },
            Rate with { Confidence = Math.BitIncrement(0.5), Objective = double.Epsilon },
        ];
        using MonitorRun run = MonitorRun.InMemory(o => Array.ForEach(rules, o.AlertRules.Add));

        Assert.Equal(rules, run.Monitor.GetAlerts().Select(status => status.Rule).TakeLast(3));
    }

    [Fact]
    public void What_is_missing_is_said_in_the_order_of_the_settings()
    {
        Assert.Equal("rules[0].name: is required.", Message("""{"rules": [{"metric": "m", "threshold": 1}]}"""));
        Assert.Equal("rules[0].metric: is required.", Message("""{"rules": [{"name": "r"}]}"""));
        Assert.Equal("rules[0].threshold: is required.", Message("""{"rules": [{"name": "r", "metric": "m"}]}"""));

        static string Message(string json) => Assert.Throws<FormatException>(() => AlertRule.Parse(json)).Message;
    }

    [Fact]
    public void A_text_and_a_configuration_must_not_be_null()
    {
        Assert.Equal("json", Assert.Throws<ArgumentNullException>(() => AlertRule.Parse(null!)).ParamName);
        Assert.Equal("configuration", Assert.Throws<ArgumentNullException>(() => AlertRule.FromConfiguration(null!)).ParamName);
    }

    [Fact]
    public void Names_are_unique_and_a_confidence_is_one()
    {
        var options = new GenerationMonitorOptions { AlertRules = { Full, Full } };
        Assert.Equal("AlertRules[1].Name", Assert.Throws<ArgumentException>(() => new GenerationMonitor(options)).ParamName);
        Assert.Equal(
            "AlertRules[0]",
            Assert.Throws<ArgumentException>(() => new GenerationMonitor(new GenerationMonitorOptions { AlertRules = { null! } })).ParamName
        );
        Assert.Equal(
            "AlertConfidence",
            Assert
                .Throws<ArgumentOutOfRangeException>(() => new GenerationMonitor(new GenerationMonitorOptions { AlertConfidence = 95 }))
                .ParamName);
    }
}
