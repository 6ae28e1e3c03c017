using System.Text.Json;
using Afterimage.Monitoring.Server.Tests;

namespace Afterimage.Monitoring.ClickHouse.Tests.Support;

/// <summary>The runs "a" and "b", shipped: a server over their directories, and one over the fleet.</summary>
public sealed class ShippedRuns(SharedCluster shared) : IAsyncLifetime
{
    private readonly TemporaryDirectory _root = new();
    private RunningServer? _here;
    private RunningServer? _there;
    private Dictionary<string, string> _idsHere = [];
    private Dictionary<string, string> _idsThere = [];

    internal RunningServer Here => _here!;

    internal RunningServer There => _there!;

    public async ValueTask InitializeAsync()
    {
        // Without the servers, the tests skip.
        FleetOptions options = await RecordAsync();
        _here = await RunningServer.StartAsync(_root.Path);
        _there = await RunningServer.StartAsync(_root.Path, o => o.Fleet = options);
        _idsHere = await IdsAsync(_here);
        _idsThere = await IdsAsync(_there);
    }

    public string IdHere(string run) => _idsHere[run];

    public string IdThere(string run) => _idsThere[run];

    public Task<JsonElement> HereAsync(string run, string path) => Here.GetAsync($"api/v1/runs/{IdHere(run)}{path}");

    public Task<JsonElement> ThereAsync(string run, string path) => There.GetAsync($"api/v1/runs/{IdThere(run)}{path}");

    public async ValueTask DisposeAsync()
    {
        if (_here is not null)
            await _here.DisposeAsync();
        if (_there is not null)
            await _there.DisposeAsync();
        _root.Dispose();
    }

    private async Task<FleetOptions> RecordAsync()
    {
        Recorded.Run(Path.Combine(_root.Path, "b"), 100);
        string a = Path.Combine(_root.Path, "a");
        Recorded.Run(a, 300, o => o.Pricing = new([new("gpt-4o", new ModelPrice { Input = 2.5m, Output = 10 })]));
        using (GenerationMonitor monitor = Recorded.Monitor(a))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { ModelName = "gpt-4o", Id = "call-1", TraceId = new('a', 32) });
            monitor.TrackEvaluation(
                TimeSpan.FromSeconds(1),
                true,
                "judge",
                new Dictionary<string, double> { ["quality"] = 0.5 },
                new EvaluationDetails { GenerationId = "call-1" });
            Recorded.Generations(monitor, 60);
            monitor.LogWarning("attention");
            monitor.CheckAlerts();
        }

        File.AppendAllText(Path.Combine(a, "metrics.jsonl"), "not JSON\n");
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        await fleet.ShipAsync(_root.Path, SharedCluster.Once, null, TestContext.Current.CancellationToken);
        await (await shared.GetAsync()).SyncAsync(options.Database);
        return options;
    }

    private static async Task<Dictionary<string, string>> IdsAsync(RunningServer server) =>
        (await server.UntilAsync(
            "api/v1/runs",
            list => list.GetProperty("runs").EnumerateArray().Count(run => run.GetProperty("is_read").GetBoolean()) == 2))
        .GetProperty("runs").EnumerateArray()
        .ToDictionary(run => run.GetProperty("name").GetString()!, run => run.GetProperty("id").GetString()!, StringComparer.Ordinal);
}
