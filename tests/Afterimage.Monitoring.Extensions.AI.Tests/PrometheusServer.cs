using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>Debian's Prometheus, on 127.0.0.1, scraping one target.</summary>
internal sealed class PrometheusServer : IDisposable
{
    private readonly ServerProcess _process;

    private PrometheusServer(ServerProcess process) => _process = process;

    /// <param name="directory">Where it keeps its configuration and data.</param>
    /// <param name="target">What it scrapes.</param>
    /// <param name="firstPort">The first port that it is told. Default: a free one.</param>
    public static async Task<PrometheusServer> StartAsync(TemporaryDirectory directory, Uri target, int? firstPort = null)
    {
        string program = Need.Command("prometheus");
        string config = directory.Write(
            "prometheus.yml",
            "global: { scrape_interval: 2s, scrape_timeout: 2s }",
            $"scrape_configs: [{{ job_name: monitor, static_configs: [{{ targets: ['{target.Authority}'] }}] }}]");
        return new PrometheusServer(
            await ServerProcess.StartAsync(
                program,
                port =>
                    [
                        $"--config.file={config}",
                        $"--storage.tsdb.path={Path.Combine(directory.Path, "data")}",
                        $"--web.listen-address=127.0.0.1:{port}",
                    ],
                "Server is ready to receive web requests",
                firstPort));
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
            value = await QueryAsync(query);
        } while (
            value != expected
            && Stopwatch.GetElapsedTime(start) < Limits.Generous
            && await timer.WaitForNextTickAsync(MonitoredServer.Token));

        return value ?? double.NaN;
    }

    public void Dispose() => _process.Dispose();

    private async Task<double?> QueryAsync(string query)
    {
        string answer = await _process.Client.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}", MonitoredServer.Token);
        using var document = JsonDocument.Parse(answer);
        JsonElement results = document.RootElement.GetProperty("data").GetProperty("result");
        return results.GetArrayLength() == 0
            ? null
            : double.Parse(results[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
    }
}
