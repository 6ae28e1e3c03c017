using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>Making a fleet's tables, and bringing them up to date.</summary>
[Collection(ClusterTests.Name)]
public sealed class InitializationTests(SharedCluster shared)
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fleet_is_made_once_and_nothing_is_done_again()
    {
        using var fleet = new Fleet(await shared.NewDatabaseAsync());

        FleetInitialization first = await fleet.InitializeAsync(Cancellation);
        FleetInitialization second = await fleet.InitializeAsync(Cancellation);

        Assert.True(first.IsNew);
        Assert.Equal(first with { IsNew = false }, second with { AddedColumns = first.AddedColumns });
        Assert.Empty(second.AddedColumns);
    }

    [Fact]
    public async Task The_printed_statements_make_the_tables_that_init_makes()
    {
        ClickHouseCluster cluster = await shared.GetAsync();
        (Fleet fleet, FleetOptions made) = await shared.NewFleetAsync();
        fleet.Dispose();
        FleetOptions printed = await shared.NewDatabaseAsync();

        string[] statements = Fleet.SchemaScript(printed)
            .Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (string sql in statements)
            await cluster.AskAsync(sql);

        foreach (int node in new[] { 0, 3 })
            Assert.Equal(await ColumnsAsync(made.Database, node), await ColumnsAsync(printed.Database, node));
        using var applied = new Fleet(printed);
        Assert.False((await applied.InitializeAsync(Cancellation)).IsNew);

        async Task<string> ColumnsAsync(string database, int node) => await cluster.AskAsync(
            $"SELECT table, name, type FROM system.columns WHERE database = '{database}' ORDER BY table, name",
            node);
    }

    [Fact]
    public async Task Tables_of_an_earlier_version_get_the_columns_that_they_lack()
    {
        ClickHouseCluster cluster = await shared.GetAsync();
        (Fleet made, FleetOptions options) = await shared.NewFleetAsync();
        made.Dispose();
        await cluster.AskAsync($"ALTER TABLE {options.Database}.record_lines_local ON CLUSTER fleet DROP COLUMN usage_missing");
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var fleet = new Fleet(options, time);

        Task<FleetInitialization> upgrading = fleet.InitializeAsync(Cancellation);
        while (!upgrading.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(upgrading, Task.Delay(20, Cancellation));
        }

        FleetInitialization upgraded = await upgrading;
        Assert.Equal(["record_lines.usage_missing"], upgraded.AddedColumns);
        Assert.Equal(2, upgraded.Version);
        Assert.Equal("1", await cluster.AskAsync(
            $"SELECT count() FROM system.columns WHERE database = '{options.Database}' "
            + "AND table = 'record_lines' AND name = 'usage_missing'",
            node: 3));
    }

    [Fact]
    public async Task A_user_of_the_printed_profile_reads_and_writes_nothing()
    {
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        fleet.Dispose();
        using var directory = new TemporaryDirectory();
        FleetOptions reader = options with
        {
            User = "afterimage_reader",
            PasswordFile = directory.Write("key", SharedCluster.ReaderPassword),
        };
        using var reading = new Fleet(reader);

        FleetException refused = await Assert.ThrowsAsync<FleetException>(() => reading.InitializeAsync(Cancellation));

        Assert.Equal(164, refused.ErrorCode);
    }

    [Fact]
    public async Task Errors_are_sentences_that_say_what_is_wrong()
    {
        FleetOptions options = await shared.NewDatabaseAsync();

        Assert.EndsWith(
            " refused the user name and password.",
            await MessageAsync(options with { User = "nobody", Password = "x" }),
            StringComparison.Ordinal);
        Assert.EndsWith(
            " has no cluster 'other' in its configuration (remote_servers).",
            await MessageAsync(options with { Cluster = "other" }),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "127.0.0.1:1 cannot be reached: ",
            await MessageAsync(options with { Urls = [new Uri("http://127.0.0.1:1")] }),
            StringComparison.Ordinal);

        static async Task<string> MessageAsync(FleetOptions options)
        {
            using var fleet = new Fleet(options);
            return (await Assert.ThrowsAsync<FleetException>(() => fleet.InitializeAsync(Cancellation))).Message;
        }
    }
}
