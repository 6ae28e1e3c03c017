using System.Globalization;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Alerts;

/// <summary>
/// How often each kind of rule is wrong, and how soon it is right, on the same streams. The table that comes out is the one of
/// docs/alerts.md: one who changes a judgement changes the table.
/// </summary>
public sealed class AlertSimulationTests
{
    private const int HealthyHours = 1000;
    private const int Incidents = 50;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly AlertRule Rate = new()
    {
        Name = "plain",
        Metric = "success_rate",
        Comparison = AlertComparison.Below,
        Threshold = 0.8,
        RepeatInterval = TimeSpan.FromDays(365),
    };
    private static readonly AlertRule Score = new()
    {
        Name = "plain",
        Metric = "score",
        Comparison = AlertComparison.Below,
        Threshold = 0.65,
        RepeatInterval = TimeSpan.FromDays(365),
    };

    private static readonly AlertRule Time = new()
    {
        Name = "plain",
        Metric = "latency",
        Threshold = 15,
        RepeatInterval = TimeSpan.FromDays(365),
    };

    /// <summary>Two calls a minute, 95 % of them good; in an incident half of them.</summary>
    [Fact]
    public void Success_rate() =>
        Check(
            "success rate",
            [
                Rate,
                Rate with
                {
                    Name = "minimum_count 8",
                    MinimumCount = 8,
                },
                Rate with
                {
                    Name = "for 5 min",
                    For = 5 * Minute,
                },
                Rate with
                {
                    Name = "confidence 0.999",
                    Confidence = 0.999,
                },
                Rate with
                {
                    Name = "confidence 0.999, 15 min",
                    Confidence = 0.999,
                    Window = 15 * Minute,
                },
                Rate with
                {
                    Name = "burn rate 3, 1 h / 5 min, objective 0.9",
                    Aggregate = AlertAggregate.BurnRate,
                    Objective = 0.9,
                    Threshold = 3,
                    Window = TimeSpan.FromHours(1),
                },
            ],
            (monitor, random, isBad) =>
            {
                for (int call = 0; call < 2; call++)
                    monitor.RecordMetric("success_rate", random.NextDouble() < (isBad ? 0.5 : 0.95) ? 1 : 0);
            },
            warmUpMinutes: 60);

    /// <summary>One score a minute around 0.8, spread 0.1; in an incident around 0.7.</summary>
    [Fact]
    public void Evaluation_scores() =>
        Check(
            "evaluation score",
            [
                Score,
                Score with
                {
                    Name = "30 min, threshold 0.75",
                    Window = 30 * Minute,
                    Threshold = 0.75,
                    MinimumCount = 10,
                },
                Score with
                {
                    Name = "drift, run length 10,000",
                    Aggregate = AlertAggregate.Drift,
                    Threshold = AlertRule.DriftThreshold(1e4),
                },
                Score with
                {
                    Name = "drift, run length 1,000,000",
                    Aggregate = AlertAggregate.Drift,
                    Threshold = AlertRule.DriftThreshold(1e6),
                },
            ],
            (monitor, random, isBad) => monitor.RecordMetric("score", (isBad ? 0.7 : 0.8) + (0.1 * AlertKindTests.Gaussian(random))),
            warmUpMinutes: 600);

    /// <summary>One call a minute, lognormal around a median of 10 s, spread 0.5; in an incident half as long again.</summary>
    [Fact]
    public void Generation_times() =>
        Check(
            "generation time",
            [
                Time,
                Time with
                {
                    Name = "30 min",
                    Window = 30 * Minute,
                    MinimumCount = 10,
                },
                Time with
                {
                    Name = "p95 of 30 min above 30 s",
                    Aggregate = AlertAggregate.Quantile,
                    Window = 30 * Minute,
                    MinimumCount = 10,
                    Threshold = 30,
                },
                Time with
                {
                    Name = "drift, run length 10,000",
                    Aggregate = AlertAggregate.Drift,
                    Threshold = AlertRule.DriftThreshold(1e4),
                },
                Time with
                {
                    Name = "drift, run length 1,000,000",
                    Aggregate = AlertAggregate.Drift,
                    Threshold = AlertRule.DriftThreshold(1e6),
                },
            ],
            (monitor, random, isBad) =>
                monitor.RecordMetric("latency", (isBad ? 15 : 10) * Math.Exp(0.5 * AlertKindTests.Gaussian(random))),
            warmUpMinutes: 600);

    private static void Check(string stream, AlertRule[] rules, Action<GenerationMonitor, Random, bool> recordMinute, int warmUpMinutes)
    {
        Dictionary<string, int> alarms = HealthyRun(rules, recordMinute, warmUpMinutes);
        Dictionary<string, List<double>> delays = rules.ToDictionary(r => r.Name, _ => new List<double>());
        for (int incident = 0; incident < Incidents; incident++)
            AddDelays(rules, recordMinute, warmUpMinutes, incident, delays);

        string[] actual =
        [
            .. rules.Select(rule =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {stream} | {rule.Name} | {alarms[rule.Name]} | {Median(delays[rule.Name])} "
                    + $"| {delays[rule.Name].Count} of {Incidents} |"
                )),
        ];
        string[] documented =
        [
            .. File.ReadAllLines(DocumentPath()).Where(line => line.StartsWith($"| {stream} |", StringComparison.Ordinal)),
        ];
        Assert.True(actual.SequenceEqual(documented), $"docs/alerts.md should say:\n{string.Join('\n', actual)}");
    }

    private static Dictionary<string, int> HealthyRun(
        AlertRule[] rules,
        Action<GenerationMonitor, Random, bool> recordMinute,
        int warmUpMinutes)
    {
        Dictionary<string, int> alarms = rules.ToDictionary(r => r.Name, _ => 0);
        var random = new Random(1);
        using MonitorRun run = Run(rules, alert =>
        {
            if (!alert.Data.ContainsKey("resolved"))
                alarms[alert.Name]++;
        });
        for (int minute = 0; minute < warmUpMinutes + (HealthyHours * 60); minute++)
        {
            if (minute == warmUpMinutes)
            {
                foreach (AlertRule rule in rules)
                    alarms[rule.Name] = 0;
            }

            recordMinute(run.Monitor, random, false);
            run.Monitor.CheckAlerts();
            run.Clock.Advance(Minute);
        }

        return alarms;
    }

    private static void AddDelays(
        AlertRule[] rules,
        Action<GenerationMonitor, Random, bool> recordMinute,
        int warmUpMinutes,
        int incident,
        Dictionary<string, List<double>> delays)
    {
        var random = new Random(1000 + incident);
        using MonitorRun run = Run(rules, _ => { });
        for (int minute = 0; minute < warmUpMinutes; minute++)
        {
            recordMinute(run.Monitor, random, false);
            run.Clock.Advance(Minute);
        }

        // An alarm of before the incident, still on, is a false one that hides the true: such a rule finds nothing.
        HashSet<string> open = [.. rules.Select(r => r.Name)];
        open.ExceptWith(run.Monitor.CheckAlerts().Select(a => a.Name));
        for (int minute = 1; minute <= 240 && open.Count > 0; minute++)
        {
            recordMinute(run.Monitor, random, true);
            foreach (Alert alert in run.Monitor.CheckAlerts())
            {
                if (open.Remove(alert.Name))
                    delays[alert.Name].Add(minute);
            }

            run.Clock.Advance(Minute);
        }
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? double.NaN : values[(values.Count - 1) / 2];
    }

    private static MonitorRun Run(AlertRule[] rules, Action<Alert> onAlert) => MonitorRun.InMemory(o =>
    {
        o.MetricsInterval = TimeSpan.Zero;
        o.AlertMinSuccessRate = 0;
        o.AlertHandlers.Add(onAlert);
        foreach (AlertRule rule in rules)
            o.AlertRules.Add(rule);
    });

    private static string DocumentPath()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Afterimage.slnx")))
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("The tests are not below the repository.");
        return Path.Combine(directory, "docs", "alerts.md");
    }
}
