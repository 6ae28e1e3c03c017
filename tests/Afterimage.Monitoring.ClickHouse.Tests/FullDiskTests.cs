namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>A replica without a free byte.</summary>
[Collection(ClusterTests.Name)]
public sealed class FullDiskTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_go_to_the_other_replica_of_one_whose_disk_is_full()
    {
        using var root = new TemporaryDirectory();
        using var disk = new SmallDisk(200_000);
        await using ClickHouseCluster cluster = await ClickHouseCluster.StartAsync(1, 2, firstDirectory: disk.Directory);
        using var fleet = new Fleet(cluster.Options);
        await fleet.InitializeAsync(Cancellation);
        Recorded.Run(Path.Combine(root.Path, "before"), 300);
        await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);
        Recorded.Run(Path.Combine(root.Path, "after"), 300);
        disk.Fill();

        ShippingStatus shipped = await fleet.ShipAsync(root.Path, SharedCluster.Once, null, Cancellation);

        await cluster.AskAsync("SYSTEM SYNC REPLICA afterimage.record_lines_local", 1);
        Assert.True(shipped.IsComplete);
        Assert.Equal("300", await GenerationsAsync(node: 0));
        Assert.Equal("600", await GenerationsAsync(node: 1));

        disk.MakeRoom();
        await cluster.SyncAsync("afterimage");
        Assert.Equal("600", await GenerationsAsync(node: 0));
        FleetAudit audit = await fleet.AuditAsync(root.Path, null, Cancellation);
        Assert.True(audit.IsClean, string.Join('\n', audit.FilesWithFaults));

        Task<string> GenerationsAsync(int node) =>
            cluster.AskAsync("SELECT count() FROM afterimage.record_lines_local WHERE event = 'generation'", node);
    }
}
