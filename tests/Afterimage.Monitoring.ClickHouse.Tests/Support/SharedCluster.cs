using System.Xml.Linq;

[assembly: AssemblyFixture(typeof(SharedCluster))]

namespace Afterimage.Monitoring.ClickHouse.Tests.Support;

/// <summary>Two shards of two replicas for all tests that break none of them; each test has a database of its own.</summary>
public sealed class SharedCluster : IAsyncDisposable
{
    public const string ReaderPassword = "only reads";

    /// <summary>Settings to ship what is there, on a machine that may be slow.</summary>
    public static readonly ShippingOptions Once = new() { Once = true, GiveUpAfter = TimeSpan.FromMinutes(3) };

    private static readonly string ReaderPasswordHash = Convert.ToHexStringLower(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(ReaderPassword)));

    private readonly SemaphoreSlim _starting = new(1);
    private ClickHouseCluster? _cluster;
    private int _databases;

    internal async Task<ClickHouseCluster> GetAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _cluster ??= await StartAsync();
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Settings for a database that nobody else has.</summary>
    public async Task<FleetOptions> NewDatabaseAsync() =>
        (await GetAsync()).Options with { Database = $"fleet{Interlocked.Increment(ref _databases)}" };

    /// <summary>A fleet whose tables are made.</summary>
    public async Task<(Fleet Fleet, FleetOptions Options)> NewFleetAsync()
    {
        FleetOptions options = await NewDatabaseAsync();
        var fleet = new Fleet(options);
        await fleet.InitializeAsync(TestContext.Current.CancellationToken);
        return (fleet, options);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        _starting.Dispose();
    }

    private static Task<ClickHouseCluster> StartAsync()
    {
        // The profile that is printed is the one that is tried.
        XElement printed = XElement.Parse(Fleet.ReaderProfile(new FleetOptions { Urls = [new Uri("http://localhost:8123")] })
            .Split("-->", 2)[1]);
        XElement user = printed.Element("users")!.Elements().Single();
        user.Element("password_sha256_hex")!.Value = ReaderPasswordHash;
        user.Element("allow_databases")!.Remove();
        return ClickHouseCluster.StartAsync(2, 2, user.ToString(), printed.Element("profiles")!.Elements().Single().ToString());
    }
}
