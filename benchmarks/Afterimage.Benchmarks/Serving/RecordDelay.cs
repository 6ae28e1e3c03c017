using System.Diagnostics;
using System.Text.Json;
using Afterimage.Monitoring;

namespace Afterimage.Benchmarks.Serving;

/// <summary>How long after the call that records it a record is in what the API says of its run.</summary>
internal sealed class RecordDelay(HttpClient client, string run, GenerationMonitor monitor)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(25);

    private int _recorded;

    /// <summary>One record every so often; the delays in seconds.</summary>
    public async Task<double[]> SampleAsync(int samples, TimeSpan interval, CancellationToken cancellationToken)
    {
        double[] delays = new double[samples];
        for (int i = 0; i < samples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            delays[i] = await OneAsync(cancellationToken);
            TimeSpan rest = interval - Stopwatch.GetElapsedTime(start);
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, cancellationToken);
        }

        return delays;
    }

    private async Task<double> OneAsync(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        monitor.TrackGeneration(Sample.Duration(_recorded), true, Sample.Details(_recorded));
        _recorded++;
        while (await GenerationsAsync(cancellationToken) < _recorded)
            await Task.Delay(AskAgain, cancellationToken);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private async Task<long> GenerationsAsync(CancellationToken cancellationToken)
    {
        using JsonDocument document = JsonDocument.Parse(await client.GetByteArrayAsync($"api/v1/runs/{run}", cancellationToken));
        return document.RootElement.GetProperty("figures").GetProperty("generations").GetInt64();
    }
}
