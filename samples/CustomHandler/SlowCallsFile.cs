using System.Globalization;
using Afterimage.Monitoring;

namespace CustomHandler;

/// <summary>Writes the generations that took longer than a limit into a file of their own, one line each.</summary>
/// <remarks>One thread at a time calls it: it needs no lock.</remarks>
internal sealed class SlowCallsFile(string path, TimeSpan limit) : IMetricHandler, IDisposable
{
    private readonly StreamWriter _file = new(path);

    // Whole records, as many as are there. They are valid during the call only.
    public void HandleBatch(MetricBatch batch)
    {
        foreach (MetricRecord record in batch)
        {
            if (record.Kind == MetricRecordKind.Generation && record.Duration > limit)
                _file.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{record.Timestamp:O} {record.ModelName} took {record.Duration.TotalSeconds} s: {record.Error ?? "no error"}"));
        }
    }

    // Point by point, for handlers that take no batches.
    public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata)
    {
    }

    // FlushAsync and the monitor's disposal wait for this.
    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();
}
