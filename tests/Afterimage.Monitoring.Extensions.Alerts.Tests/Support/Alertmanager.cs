using System.Text.Json;

namespace Afterimage.Monitoring.Extensions.Alerts.Tests.Support;

/// <summary>Debian's Alertmanager, alone, on 127.0.0.1.</summary>
internal sealed class Alertmanager : IDisposable
{
    private readonly ServerProcess _process;

    private Alertmanager(ServerProcess process) => _process = process;

    public Uri Address => _process.Address;

    public static async Task<Alertmanager> StartAsync(TemporaryDirectory directory)
    {
        string program = Need.Command("prometheus-alertmanager");
        string config = directory.Write("alertmanager.yml", "route: { receiver: nobody }", "receivers: [{ name: nobody }]");
        return new Alertmanager(
            await ServerProcess.StartAsync(
                program,
                port =>
                    [
                        $"--config.file={config}",
                        $"--storage.path={Path.Combine(directory.Path, "data")}",
                        $"--web.listen-address=127.0.0.1:{port}",
                        "--cluster.listen-address=",
                    ],
                "Listening on"));
    }

    /// <summary>The alerts that are active by now.</summary>
    public async Task<JsonElement[]> AlertsAsync()
    {
        using JsonDocument document = JsonDocument.Parse(await _process.Client.GetStringAsync("/api/v2/alerts?active=true", Limits.Token));
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    public void Dispose() => _process.Dispose();
}
