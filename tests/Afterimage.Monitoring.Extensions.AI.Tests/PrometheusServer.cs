using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>Debian's Prometheus, on 127.0.0.1, scraping one target.</summary>
internal sealed class PrometheusServer : IDisposable
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    private readonly HttpClient _client;
    private readonly Process _process;

    private PrometheusServer(Process process, Uri address)
    {
        _process = process;
        _client = new HttpClient { BaseAddress = address };
    }

    /// <summary>Where the program is, or null.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "prometheus"))
        .FirstOrDefault(File.Exists);

    public static PrometheusServer Start(TemporaryDirectory directory, Uri target)
    {
        int port = FreePort();
        string config = directory.Write(
            "prometheus.yml",
            "global: { scrape_interval: 1s, scrape_timeout: 1s }",
            $"scrape_configs: [{{ job_name: monitor, static_configs: [{{ targets: ['{target.Authority}'] }}] }}]");
        var start = new ProcessStartInfo(Program!)
        {
            ArgumentList =
            {
                $"--config.file={config}",
                $"--storage.tsdb.path={Path.Combine(directory.Path, "data")}",
                $"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error",
            },
        };
        return new PrometheusServer(Process.Start(start)!, new Uri($"http://127.0.0.1:{port}"));
    }

    /// <summary>Asks until the answer is as expected. A server of its own pace has nothing to wait for but its answers.</summary>
    public async Task<double> QueryAsync(string query, double expected)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        long start = Stopwatch.GetTimestamp();
        double? value;
        do
        {
            Assert.False(_process.HasExited, "Prometheus has ended.");
            value = await TryQueryAsync(query);
        }
        while (value != expected && Stopwatch.GetElapsedTime(start) < Generous && await timer.WaitForNextTickAsync(MonitoredServer.Token));

        return value ?? double.NaN;
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

    private async Task<double?> TryQueryAsync(string query)
    {
        try
        {
            string answer = await _client.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}", MonitoredServer.Token);
            using var document = JsonDocument.Parse(answer);
            JsonElement results = document.RootElement.GetProperty("data").GetProperty("result");
            return results.GetArrayLength() == 0 ? null : double.Parse(results[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
        }
        catch (HttpRequestException)
        {
            // It is still starting.
            return null;
        }
    }
}
