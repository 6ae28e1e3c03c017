using Afterimage.Monitoring.Reporting;
using Afterimage.Monitoring.Reporting.Exporting;

namespace Afterimage.Monitoring;

/// <summary>Takes out of a monitor what it recorded.</summary>
public static class GenerationMonitorReporting
{
    /// <summary>Writes the metric points of a monitor to a file, or to one a metric.</summary>
    /// <remarks>
    /// <para>A monitor that writes its own <see cref="GenerationMonitor.LogDirectory"/> (it does by default) is flushed, and its log directory is exported: everything that is in it,
    /// with all that is known of each record, under the rules of <see cref="LogDirectory.ExportMetricsAsync"/>, which can do more: records, progress, other
    /// bounds.</para>
    /// <para>Of any other monitor those points are exported that are in memory (<see cref="GenerationMonitorOptions.MaxRetainedPoints"/>), with their metric, time, value and model.</para>
    /// </remarks>
    /// <param name="monitor">The monitor; it may be disposed already.</param>
    /// <param name="outputPath">The file. Its directory is made where it does not exist. <see cref="ExportFormat.Csv"/> writes <c>&lt;name&gt;_&lt;metric&gt;.csv</c> for each metric.</param>
    /// <param name="format">The format.</param>
    /// <param name="window">How far back from now, by the monitor's clock; not negative. Default: everything.</param>
    /// <param name="cancellationToken">Ends the work early; nothing is left of it.</param>
    /// <returns>A task that ends when everything is written.</returns>
    /// <exception cref="ArgumentException"><paramref name="monitor"/> is null, or <paramref name="outputPath"/> null or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> does not exist, or <paramref name="window"/> is negative.</exception>
    /// <exception cref="IOException">A file could not be read or written; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static Task ExportMetricsAsync(
        this GenerationMonitor monitor,
        string outputPath,
        ExportFormat format = ExportFormat.Json,
        TimeSpan? window = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ExportJob.ThrowIfUnknown(format);
        DateTimeOffset since = monitor.WindowStartTime(window ?? TimeSpan.MaxValue);
        return monitor.WritesLogDirectory
            ? ExportLogAsync(monitor, outputPath, format, since, cancellationToken)
            : Task.Run(() => ExportMemory(monitor, outputPath, format, since, cancellationToken), cancellationToken);
    }

    private static async Task ExportLogAsync(GenerationMonitor monitor, string outputPath, ExportFormat format, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await monitor.FlushAsync(cancellationToken).ConfigureAwait(false);
        await LogDirectory.Open(monitor.LogDirectory)
            .ExportMetricsAsync(outputPath, format, new ExportOptions { Since = since }, progress: null, cancellationToken)
            .ConfigureAwait(false);
    }

    private static void ExportMemory(GenerationMonitor monitor, string outputPath, ExportFormat format, DateTimeOffset since, CancellationToken cancellationToken) =>
        ExportJob.Run(
            Path.GetFullPath(outputPath),
            format,
            new ExportOptions(),
            _ =>
            {
                var snapshot = new LogSnapshot(cancellationToken);
                snapshot.AddPoints(monitor.RetainedPoints(), since);
                return snapshot;
            },
            progress: null,
            cancellationToken);
}
