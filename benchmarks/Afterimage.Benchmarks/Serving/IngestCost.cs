using System.Globalization;
using Afterimage.Monitoring;

namespace Afterimage.Benchmarks.Serving;

/// <summary>Spans a second from the first byte to the last acknowledgement: the same bodies in the same order from the same
/// sender.</summary>
internal static class IngestCost
{
    public static async Task OfAfterimageAsync(string protocol, int spans, CancellationToken cancellationToken)
    {
        using var directory = new TemporaryDirectory();
        string root = directory.File("runs");
        using (AfterimageServer server = await AfterimageServer.StartAsync(directory, root, cancellationToken))
            await MeasureAsync(server, protocol, spans, cancellationToken);

        // The server was killed behind the last acknowledgement. What it acknowledged must be there all the same.
        string sender = Directory.GetDirectories(root, "otlp-*").Single();
        RunSummary summary = LogDirectory.Open(sender).Summarize(cancellationToken);
        Facts.Write($"serving.{protocol}.afterimage.kept", summary.Generations);
    }

    public static async Task OfAspireAsync(string protocol, int spans, CancellationToken cancellationToken)
    {
        using var directory = new TemporaryDirectory();
        using AspireServer server = await AspireServer.StartAsync(directory, cancellationToken);
        await MeasureAsync(server, protocol, spans, cancellationToken);
        Facts.Write($"serving.{protocol}.aspire.kept", await server.CountTracesAsync(cancellationToken));
    }

    private static async Task MeasureAsync(ServerProcess server, string protocol, int spans, CancellationToken cancellationToken)
    {
        Uri endpoint = protocol == "grpc" ? server.Grpc : server.Http;
        using ChildProcess sender = await ChildProcess.StartAsync(
            cancellationToken,
            "send",
            protocol,
            endpoint.AbsoluteUri,
            spans.ToString(CultureInfo.InvariantCulture));
        TimeSpan used = server.ProcessorTime;
        sender.Begin();
        double[] figures = await sender.EndAsync(cancellationToken);
        used = server.ProcessorTime - used;

        string key = $"serving.{protocol}.{server.Name}";
        Facts.Write($"{key}.spans", spans);
        Facts.Write($"{key}.seconds", figures[0]);
        Facts.Write($"{key}.refused", figures[1]);
        Facts.Write($"{key}.bytes", figures[2]);
        Facts.Write($"{key}.sender.cpu", figures[3]);
        Facts.Write($"{key}.cpu", used.TotalSeconds);
        Facts.Write($"{key}.MiB", server.PeakMiB);
    }
}
