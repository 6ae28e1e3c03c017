using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>Shipping from within a host.</summary>
[Collection(ClusterTests.Name)]
public sealed class HostedShippingTests(SharedCluster shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_ships_what_it_recorded_up_to_its_end()
    {
        using var root = new TemporaryDirectory();
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMetrics();
        builder.Services.AddFleetShipping(shipping =>
        {
            shipping.Root = Path.Combine(root.Path, "runs");
            shipping.Fleet = options;
            shipping.Shipping = new ShippingOptions { MaxDelay = TimeSpan.FromMilliseconds(100), Service = "host" };
            shipping.ShutdownTimeout = TimeSpan.FromMinutes(2);
        });
        builder.Services.AddHealthChecks().AddFleetShipping();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMinutes(2));
        using IHost host = builder.Build();
        await host.StartAsync(Cancellation);
        using GenerationMonitor monitor = Recorded.Monitor(Path.Combine(root.Path, "runs", "a"));
        Recorded.Generations(monitor, 50);
        await monitor.FlushAsync(Cancellation);
        var state = host.Services.GetRequiredService<FleetShippingState>();
        while (state.Status is not { IsComplete: true, ShippedLines: > 0 })
            await Task.Delay(50, Cancellation);
        long whileRunning = state.Status.ShippedLines;
        HealthReport health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);

        Recorded.Generations(monitor, 70, seed: 1);
        await monitor.FlushAsync(Cancellation);
        await host.StopAsync(Cancellation);

        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.InRange(whileRunning, 50, 60);
        Assert.Equal("120", await (await shared.GetAsync()).CountAsync(options.Database, "generations"));
        Assert.Equal(whileRunning + 77, MeasuredLines(host));
    }

    [Fact]
    public async Task A_cluster_that_is_gone_neither_stops_nor_delays_a_host()
    {
        using var root = new TemporaryDirectory();
        using (GenerationMonitor monitor = Recorded.Monitor(root.Path))
            Recorded.Generations(monitor, 5);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFleetShipping(shipping =>
        {
            shipping.Root = root.Path;
            shipping.Fleet = new FleetOptions { Urls = [new Uri("http://127.0.0.1:1")] };
            shipping.ShutdownTimeout = TimeSpan.Zero;
        });
        builder.Services.AddHealthChecks().AddFleetShipping(maxLag: TimeSpan.FromTicks(1));
        using IHost host = builder.Build();
        await host.StartAsync(Cancellation);
        var state = host.Services.GetRequiredService<FleetShippingState>();
        while (state.Status is not { Failures: > 0 })
            await Task.Delay(50, Cancellation);

        HealthReport health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);
        await host.StopAsync(Cancellation);

        Assert.NotEqual(HealthStatus.Healthy, health.Status);
        Assert.Contains("127.0.0.1:1", health.Entries["fleet_shipping"].Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_with_invalid_shipping_options_does_not_start()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFleetShipping(shipping => shipping.ShutdownTimeout = TimeSpan.FromSeconds(1));
        using IHost host = builder.Build();

        await Assert.ThrowsAsync<ArgumentNullException>(() => host.StartAsync(Cancellation));
    }

    private static long MeasuredLines(IHost host)
    {
        long lines = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "afterimage.fleet.lines.shipped"
                    && instrument.Meter.Scope == host.Services.GetRequiredService<IMeterFactory>())
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => lines = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return lines;
    }
}
