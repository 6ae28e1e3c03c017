using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>A machine without a battery begins its clock anywhere: all works at any time that there is.</summary>
public sealed class EarlyClockTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("0001-01-02T03:04:05Z")]
    [InlineData("1960-02-29T23:59:59Z")]
    [InlineData("9999-12-31T23:59:00Z")]
    public async Task A_clock_of_any_year_records_and_is_read(string time)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        DateTimeOffset now = DateTimeOffset.Parse(time, CultureInfo.InvariantCulture);
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        var options = new GenerationMonitorOptions { LogDirectory = _directory.Path, Pricing = ModelPricing.WellKnown };
        foreach (BudgetPeriod period in Enum.GetValues<BudgetPeriod>())
        {
            options.Budgets.Add(new Budget
            {
                Name = $"{period}",
                Unit = BudgetUnit.Tokens,
                Limit = 100,
                Period = period,
                ResumeFrom = _directory.Path,
            });
        }

        using (var monitor = new GenerationMonitor(options, new FakeTimeProvider(now)))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(90), true, new() { ModelName = "gpt-4o", PromptTokenCount = 10 });
            monitor.TrackEvaluation(TimeSpan.FromSeconds(1), true, "e", new Dictionary<string, double> { ["s"] = 1 });
            monitor.RecordMetric("m", 1);
            monitor.LogError("it", new InvalidOperationException("went wrong"));
            Assert.Equal(1, monitor.GetMetrics("m", TimeSpan.FromHours(1)).Count);
            Assert.Equal(1, monitor.GetMetrics("m", TimeSpan.MaxValue).Count);
            Assert.NotEmpty(monitor.GetTimeSeries("m", TimeSpan.FromSeconds(10), new MetricQuery { Window = TimeSpan.FromSeconds(30) }));
            Assert.Equal(10, monitor.GetTotalTokenUsage().TotalTokens);
            Assert.All(monitor.GetBudgets(), budget => Assert.Equal(10, budget.Spent));
            monitor.CheckAlerts();
            monitor.SaveMetrics();
            await monitor.FlushAsync(cancellationToken);
        }

        LogDirectory log = LogDirectory.Open(_directory.Path);
        RunSummary summary = log.Summarize(cancellationToken);
        Assert.Equal((1, 1, now), (summary.Generations, summary.Evaluations, summary.FirstTimestamp));
        await log.WriteReportAsync(Path.Combine(_directory.Path, "report.html"), cancellationToken);
        await log.CompactAsync(null, cancellationToken);
        Assert.Equal(now, log.Summarize(cancellationToken).FirstTimestamp);
    }
}
