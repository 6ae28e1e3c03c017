using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Tests.Handlers;

/// <summary>A monitor that touches no disk.</summary>
public sealed class InMemoryTests
{
    [Fact]
    public async Task Without_files_records_and_entries_reach_the_handlers_and_no_directory_is_made()
    {
        using var directory = new TemporaryDirectory();
        var records = new InMemoryRecords();
        var clock = new FakeTimeProvider(MonitorRun.Start);
        var options = new GenerationMonitorOptions
        {
            WriteFiles = false,
            LogDirectory = directory.File("run"),
            MetricHandlers = { records },
            LogHandlers = { records },
            AlertHandlers = { _ => { } },
        };
        await using var monitor = new GenerationMonitor(options, clock);
        monitor.TrackGeneration(
            TimeSpan.FromSeconds(2),
            success: true,
            new() { ModelName = "m", PromptTokenCount = 3, Tags = [new("k", "v")] });
        monitor.LogInfo("said");
        monitor.CheckAlerts();
        await monitor.FlushAsync(Limits.Token);

        MetricRecord record = Assert.Single(records.Records);
        Assert.Equal(
            (MetricRecordKind.Generation, "m", 3, MonitorRun.Start, TimeSpan.FromSeconds(2)),
            (record.Kind, record.ModelName, record.PromptTokenCount, record.Timestamp, record.Duration));
        Assert.Equal([new("k", "v")], record.Tags);
        Assert.Equal("said", Assert.Single(records.Entries).Message);
        Assert.Equal(1, monitor.GetMetrics("generation_time").Count);
        Assert.Null(monitor.LogDirectory);
        Assert.Throws<InvalidOperationException>(monitor.SaveMetrics);
        await monitor.DisposeAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Path));

        records.Clear();
        Assert.Empty(records.Records);
        Assert.Empty(records.Entries);
    }

    [Fact]
    public async Task A_record_stays_what_it_was_when_the_batch_is_used_again()
    {
        var records = new InMemoryRecords();
        await using var monitor = new GenerationMonitor(new GenerationMonitorOptions { WriteFiles = false, MetricHandlers = { records } });
        for (int i = 0; i < 10_000; i++)
            monitor.RecordMetric("m", i);
        await monitor.FlushAsync(Limits.Token);

        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => (double)i), records.Records.Select(r => r.Value));
    }

    [Fact]
    public void A_handler_of_ones_own_is_beside_the_file_handler()
    {
        var handler = new PointHandler();
        using var run = new MonitorRun(o => o.MetricHandlers.Add(handler));
        run.Monitor.RecordMetric("m", 1);

        Assert.Single(run.Records());
        Assert.Single(handler.Points);
    }

    [Fact]
    public void A_file_handler_of_ones_own_on_the_directory_is_the_only_one()
    {
        using var run = new MonitorRun(o => o.MetricHandlers.Add(new FileMetricHandler(o.LogDirectory!)));
        run.Monitor.RecordMetric("m", 1);

        Assert.Single(run.Monitor.GetStatistics().Handlers, h => h.Name == nameof(FileMetricHandler));
        Assert.Single(run.Records());
    }
}
