using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Afterimage.Monitoring.Extensions.Alerts.Tests.Support;

/// <summary>Debian's Alertmanager, alone, on 127.0.0.1.</summary>
internal sealed class Alertmanager : IDisposable
{
    private readonly HttpClient _client;
    private readonly Process _process;

    private Alertmanager(Process process, Uri address)
    {
        _process = process;
        Address = address;
        _client = new HttpClient { BaseAddress = address };
    }

    public Uri Address { get; }

    public static async Task<Alertmanager> StartAsync(TemporaryDirectory directory)
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "prometheus-alertmanager")).FirstOrDefault(File.Exists);
        if (program is null && Environment.GetEnvironmentVariable("AFTERIMAGE_REQUIRE_SERVICES") != "1")
            Assert.Skip("Alertmanager is not installed (apt-get install prometheus-alertmanager).");
        Assert.NotNull(program);

        int port = FreePort();
        string config = directory.Write("alertmanager.yml", "route: { receiver: nobody }", "receivers: [{ name: nobody }]");
        var start = new ProcessStartInfo(program)
        {
            ArgumentList =
            {
                $"--config.file={config}",
                $"--storage.path={Path.Combine(directory.Path, "data")}",
                $"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
                "--log.level=error",
            },
        };
        var server = new Alertmanager(Process.Start(start)!, new Uri($"http://127.0.0.1:{port}"));
        try
        {
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>The alerts that are active by now.</summary>
    public async Task<JsonElement[]> AlertsAsync()
    {
        using JsonDocument document = JsonDocument.Parse(await _client.GetStringAsync("/api/v2/alerts?active=true", Limits.Token));
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    public void Dispose()
    {
        _client.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // It tells nobody when it listens.
    private async Task WaitUntilReadyAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        long start = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync())
        {
            Assert.False(_process.HasExited, "Alertmanager has ended.");
            Assert.True(Stopwatch.GetElapsedTime(start) < Limits.Generous, "Alertmanager does not get ready.");
            await timer.WaitForNextTickAsync(Limits.Token);
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage answer = await _client.GetAsync("/-/ready", Limits.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
