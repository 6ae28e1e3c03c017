using System.Diagnostics;
using System.Globalization;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>Whatever is killed, late or refused: in the end every line is there exactly once.</summary>
/// <remarks>What CI runs is the cheap version. AFTERIMAGE_FLEET_PRODUCERS, _GENERATIONS (of each), _SHIPPERS and _ROUNDS make it the full
/// one: see the script kill-test beside this file.</remarks>
[Collection(ClusterTests.Name)]
public sealed class KillTests
{
    private static readonly int Producers = EnvironmentNumber.Of("AFTERIMAGE_FLEET_PRODUCERS", 10);
    private static readonly int Generations = EnvironmentNumber.Of("AFTERIMAGE_FLEET_GENERATIONS", 3000);
    private static readonly int Shippers = EnvironmentNumber.Of("AFTERIMAGE_FLEET_SHIPPERS", 2);
    private static readonly int Rounds = EnvironmentNumber.Of("AFTERIMAGE_FLEET_ROUNDS", 1);

    private static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Afterimage.ShipProgram.dll");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_line_is_there_once_whatever_is_killed_late_or_refused()
    {
        using var root = new TemporaryDirectory();
        await using ClickHouseCluster cluster = await ClickHouseCluster.StartAsync(2, 2);
        using var fleet = new Fleet(cluster.Options);
        await fleet.InitializeAsync(Cancellation);
        List<FaultyProxy> proxies = [];
        foreach (Uri url in cluster.Urls)
            proxies.Add(await FaultyProxy.StartAsync(url));
        bool isOver = false;
        long recorded = 0;
        Process[] shippers = [.. Enumerable.Range(0, Shippers).Select(_ => Start())];
        try
        {
            Task<int[]> producing = Task.WhenAll(
                Enumerable.Range(0, Producers).Select(number => Task.Run(() => ProduceAsync(number), Cancellation)));
            for (int round = 0; round < Rounds; round++)
            {
                await MoreAsync();
                for (int i = 0; i < shippers.Length; i++)
                {
                    Kill(shippers[i]);
                    shippers[i] = Start();
                    await MoreAsync();
                }

                int victim = round % cluster.Urls.Count;
                cluster.Kill(victim);
                await MoreAsync();
                await cluster.RestartAsync(victim);

                int spoilt = proxies.Sum(proxy => proxy.Done);
                foreach (FaultyProxy proxy in proxies)
                {
                    proxy.AnswerLate(1);
                    proxy.Refuse(2);
                }

                while (proxies.Sum(proxy => proxy.Done) < spoilt + proxies.Count)
                    await Task.Delay(100, Cancellation);
                await MoreAsync();
                if (Rounds > 1)
                    await StandStillAsync(cluster.ZooKeeperId);
            }

            Volatile.Write(ref isOver, true);
            recorded = (await producing).Sum(count => (long)count);
        }
        finally
        {
            foreach (Process shipper in shippers)
                Kill(shipper);
            foreach (FaultyProxy proxy in proxies)
                await proxy.DisposeAsync();
        }

        ShippingStatus rest = await fleet.ShipAsync(
            root.Path,
            new ShippingOptions { Once = true, GiveUpAfter = TimeSpan.FromMinutes(10) },
            null,
            Cancellation);
        FleetAudit audit = await fleet.AuditAsync(root.Path, null, Cancellation);
        string counted = await cluster.CountAsync("afterimage", "generations");

        Assert.True(audit.IsClean, string.Join('\n', audit.FilesWithFaults));
        Assert.Equal(recorded, long.Parse(counted, CultureInfo.InvariantCulture));
        Assert.True(rest.IsComplete);

        Process Start() => Process.Start(
            new ProcessStartInfo(
                "dotnet",
                [
                    Program,
                    root.Path,
                    "afterimage",
                    .. (proxies.Count > 0 ? proxies.Select(proxy => proxy.Url) : cluster.Urls).Select(url => url.ToString()),
                ])
            {
                RedirectStandardError = true,
            })!;

        // Shippers are at work: more lines are there than a moment ago.
        async Task MoreAsync()
        {
            long before = await CountAsync();
            while (await CountAsync() == before)
                await Task.Delay(100, Cancellation);
        }

        // A replica may be gone.
        async Task<long> CountAsync()
        {
            for (int node = 0; ; node = (node + 1) % cluster.Urls.Count)
            {
                try
                {
                    return long.Parse(
                        await cluster.AskAsync("SELECT count() FROM afterimage.record_lines WHERE event = 'generation'", node),
                        CultureInfo.InvariantCulture);
                }
                catch (Exception e) when (e is HttpRequestException or Xunit.Sdk.XunitException)
                {
                    await Task.Delay(100, Cancellation);
                }
            }
        }

        // As much as was asked for, and then, slowly, until all is over.
        async Task<int> ProduceAsync(int number)
        {
            using GenerationMonitor monitor = Recorded.Monitor(
                Path.Combine(root.Path, $"producer{number}"),
                options => options.LogFiles.MaxFileSize = 256 << 10);
            const int Part = 100;
            int count = 0;
            for (; count < Generations || !Volatile.Read(ref isOver); count += Part)
            {
                Recorded.Generations(monitor, Part, (number << 24) + count);
                await monitor.FlushAsync(Cancellation);
                await Task.Delay(count < Generations ? 20 : 500, Cancellation);
            }

            return count;
        }
    }

    private static void Kill(Process process)
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private static async Task StandStillAsync(int process)
    {
        Assert.True(Need.Run("kill", "-STOP", process.ToString(CultureInfo.InvariantCulture)));
        await Task.Delay(TimeSpan.FromSeconds(8), Cancellation);
        Assert.True(Need.Run("kill", "-CONT", process.ToString(CultureInfo.InvariantCulture)));
    }
}
