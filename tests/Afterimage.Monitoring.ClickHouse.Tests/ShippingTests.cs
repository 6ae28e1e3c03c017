using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>Log directories in a cluster, line for line.</summary>
[Collection(ClusterTests.Name)]
public sealed class ShippingTests(SharedCluster shared)
{
    private static readonly ShippingOptions Patient = SharedCluster.Once with { GiveUpAfter = TimeSpan.FromDays(10) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_that_are_over_are_there_line_for_line_and_once()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        Recorded.Run(Path.Combine(root.Path, "a"), 1000);
        Recorded.Run(Path.Combine(root.Path, "b"), 20, o => o.LogFiles.MaxFileSize = 4096);

        ShippingStatus first = await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);
        ShippingStatus second = await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);

        FleetAudit audit = await AuditedAsync(fleet, root.Path);
        Assert.Equal(audit.Lines, first.ShippedLines);
        Assert.Equal((0, 0), (second.ShippedLines, second.FoundLines));
        Assert.Equal(2, audit.Runs);
        Assert.Equal(
            LogDirectory.Open(root.Path).Summarize(Cancellation).Generations.ToString(System.Globalization.CultureInfo.InvariantCulture),
            await CountAsync(options, "generations"));
        Assert.Equal("2", await CountAsync(options, "logs"));
    }

    [Fact]
    public async Task Torn_foreign_and_long_lines_are_counted_there_as_here()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        Recorded.Run(root.Path, 10);
        File.AppendAllText(
            Path.Combine(root.Path, "metrics.jsonl"),
            "{\"timestamp\":\"2026-11-23T14:25:38Z\",\"event\":\"gener!\n\n  \nnot JSON\n" + new string('x', 17 << 20)
            + "\n{\"timestamp\":\"2026-01-05T00:00:00Z\",\"event\":\"metric\",\"metric_name\":\"m\",\"value\":\"NaN\"}\n"
            + "{\"timestamp\":\"0001-01-01T00:00:00Z\",\"event\":\"metric\",\"metric_name\":\"m\",\"value\":1}\n{\"torn\":");

        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);

        FleetAudit audit = await AuditedAsync(fleet, root.Path);
        RunSummary summary = LogDirectory.Open(root.Path).Summarize(Cancellation);
        Assert.Equal(4, summary.SkippedLines);
        Assert.Equal(4, audit.SkippedLines);
        Assert.Equal("4", await CountAsync(options, "record_lines", "event = 'skipped'"));
        Assert.Equal("2", await CountAsync(options, "record_lines", "metric_name = 'm'"));
    }

    [Fact]
    public async Task A_live_run_is_followed_through_rotation_to_its_end()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, _) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var seen = new Seen();

        using (GenerationMonitor monitor = Recorded.Monitor(Path.Combine(root.Path, "live"), o => o.LogFiles.MaxFileSize = 64 << 10))
        {
            Task shipping = fleet.ShipAsync(
                root.Path,
                new ShippingOptions { MaxDelay = TimeSpan.FromMilliseconds(100), PollInterval = TimeSpan.FromMilliseconds(50) },
                seen,
                stop.Token);
            for (int part = 1; part <= 3; part++)
            {
                Recorded.Generations(monitor, 500, part);
                await monitor.FlushAsync(Cancellation);
                await seen.UntilAsync(status => status.ShippedLines >= part * 500 && status.LagLines == 0, shipping);
            }

            monitor.Dispose();
            await seen.UntilAsync(status => status.IsComplete, shipping);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => shipping);
        }

        Assert.True(Directory.GetFiles(Path.Combine(root.Path, "live"), "metrics*.jsonl").Length > 2);
        await AuditedAsync(fleet, root.Path);
    }

    [Fact]
    public async Task What_is_not_shipped_is_neither_compacted_nor_deleted()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        Recorded.Run(root.Path, 10);
        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);
        Action<GenerationMonitorOptions> small = o =>
            (o.LogFiles.MaxFileSize, o.LogFiles.MaxTotalSize, o.LogFiles.MinRetention) = (4096, 8192, TimeSpan.Zero);
        Recorded.Run(root.Path, 300, small);

        CompactionResult before = await LogDirectory.Open(root.Path).CompactAsync(cancellationToken: Cancellation);
        await AuditMissesAsync(fleet, root.Path);
        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);
        FleetAudit audit = await AuditedAsync(fleet, root.Path);
        CompactionResult after = await LogDirectory.Open(root.Path).CompactAsync(cancellationToken: Cancellation);

        Assert.Equal((0, true), (before.CompactedFiles, before.UnshippedFiles > 5));
        Assert.Equal((before.UnshippedFiles, 0), (after.CompactedFiles, after.UnshippedFiles));
        Assert.Equal("310", await CountAsync(options, "generations"));
        Assert.Equal(audit.Lines, (await AuditedAsync(fleet, root.Path)).Lines);
    }

    [Fact]
    public async Task A_shipper_that_comes_late_ships_compacted_files_as_their_sources()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        Recorded.Run(root.Path, 300, o => o.LogFiles.MaxFileSize = 4096);
        string[] sources = [.. Directory.GetFiles(root.Path, "metrics*.jsonl").Select(file => Path.GetFileName(file)!)];
        LogDirectory log = LogDirectory.Open(root.Path);
        await log.CompactAsync(cancellationToken: Cancellation);
        Recorded.Run(root.Path, 100, o => o.LogFiles.MaxFileSize = 4096);
        await log.CompactAsync(cancellationToken: Cancellation);

        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);

        await AuditedAsync(fleet, root.Path);
        Assert.Equal("400", await CountAsync(options, "generations"));
        Assert.Equal("0", await CountAsync(options, "record_lines", $"run = '' OR file NOT LIKE 'metrics%.jsonl'"));
        Assert.True(sources.Length > 3);
    }

    [Fact]
    public async Task A_lost_checkpoint_doubles_nothing()
    {
        using var root = new TemporaryDirectory();
        (Fleet made, FleetOptions options) = await shared.NewFleetAsync();
        made.Dispose();

        // Time flies: what was sent before may get through for some minutes yet, and a part of a block has to wait for that.
        using var fleet = new Fleet(options, new FakeTimeProvider(DateTimeOffset.UtcNow) { AutoAdvanceAmount = TimeSpan.FromSeconds(1) });
        Recorded.Run(root.Path, 500);
        await fleet.ShipAsync(root.Path, Patient, null, Cancellation);
        Directory.Delete(Path.Combine(root.Path, ".shipping"), recursive: true);
        File.AppendAllLines(
            Path.Combine(root.Path, "metrics.jsonl"),
            File.ReadLines(Path.Combine(root.Path, "metrics.jsonl")).Take(3).ToArray());

        ShippingStatus again = await fleet.ShipAsync(root.Path, Patient, null, Cancellation);

        FleetAudit audit = await AuditedAsync(fleet, root.Path);
        Assert.Equal(audit.Lines, again.FoundLines + again.ShippedLines);
        Assert.Equal(3, again.ShippedLines);
    }

    [Fact]
    public async Task A_file_that_takes_a_removed_ones_name_is_another_file()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        Recorded.Run(root.Path, 50);
        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);
        File.Delete(Path.Combine(root.Path, "metrics.jsonl"));
        Recorded.Run(root.Path, 80);

        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);

        await AuditedAsync(fleet, root.Path);
        Assert.Equal("130", await CountAsync(options, "generations"));
    }

    [Fact]
    public async Task Removed_months_are_gone_and_not_missed()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        using (GenerationMonitor monitor = Recorded.Monitor(root.Path))
        {
            for (int month = 1; month <= 6; month++)
                monitor.TrackGeneration(
                    TimeSpan.FromSeconds(1),
                    true,
                    new() { Timestamp = new DateTimeOffset(2026, month, 28, 23, 59, 59, TimeSpan.Zero) });
        }

        File.AppendAllText(Path.Combine(root.Path, "metrics.jsonl"), "torn\n");
        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);

        FleetRemoval removal = await fleet.RemoveBeforeAsync(new DateTimeOffset(2026, 4, 30, 0, 0, 0, TimeSpan.Zero), Cancellation);
        await fleet.InitializeAsync(Cancellation);
        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);

        Assert.Equal((new DateOnly(2026, 4, 1), 3), (removal.KeptFrom, removal.Lines));
        Assert.Equal("3", await CountAsync(options, "generations"));
        FleetAudit kept = await AuditedAsync(fleet, root.Path);
        Assert.Equal((7, 3, 0), (kept.Lines, kept.RemovedLines, kept.LinesOfOtherFiles));
        await (await shared.GetAsync()).AskAsync(
            $"ALTER TABLE {options.Database}.record_lines_local ON CLUSTER fleet DROP PARTITION 202605");
        FleetAudit missed = await fleet.AuditAsync(root.Path, null, Cancellation);
        Assert.Equal(1, missed.Missing);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => fleet.RemoveBeforeAsync(DateTimeOffset.MaxValue, Cancellation));
    }

    [Fact]
    public async Task An_audit_finds_what_is_missing_twice_and_differing()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        Recorded.Run(root.Path, 100);
        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);
        ClickHouseCluster cluster = await shared.GetAsync();
        string file = Path.Combine(root.Path, "metrics.jsonl");
        string[] lines = File.ReadAllLines(file);
        lines[4] = lines[4].Replace("\"success\":true", "\"success\":false", StringComparison.Ordinal);
        File.WriteAllLines(file, [.. lines, lines[0]]);

        // Until a replica that has the lines copies them; the shard takes that once.
        while (await CountAsync(options, "record_lines", "line IN (7, 8)") != "4")
        {
            await cluster.AskAsync(
                $"INSERT INTO {options.Database}.record_lines "
                + $"SELECT DISTINCT * FROM {options.Database}.record_lines WHERE line IN (7, 8) ORDER BY line");
            await Task.Delay(200, Cancellation);
        }

        FleetAudit audit = await fleet.AuditAsync(root.Path, null, Cancellation);

        Assert.Equal((1, 2, 1), (audit.Missing, audit.Twice, audit.Differing));
        FleetAuditFile fault = Assert.Single(audit.FilesWithFaults);
        Assert.Equal((file, 5), (fault.Path, fault.FirstLine));
    }

    private static async Task<FleetAudit> AuditedAsync(Fleet fleet, string root)
    {
        FleetAudit audit = await fleet.AuditAsync(root, null, Cancellation);
        Assert.True(audit.IsClean, string.Join('\n', audit.FilesWithFaults));
        return audit;
    }

    private static async Task AuditMissesAsync(Fleet fleet, string root) =>
        Assert.True((await fleet.AuditAsync(root, null, Cancellation)).Missing > 0);

    private async Task<string> CountAsync(FleetOptions options, string table, string where = "1") =>
        await (await shared.GetAsync()).CountAsync(options.Database, table, where);
}
