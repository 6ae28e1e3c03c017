using Afterimage.Monitoring.Reporting.Exporting;
using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>Extension methods that export, draw and report what a monitor recorded.</summary>
public static class GenerationMonitorReporting
{
    /// <summary>Writes the metric points of a monitor to one file, or to one file per metric.</summary>
    /// <remarks>
    /// <para>If the monitor writes its own <see cref="GenerationMonitor.LogDirectory"/>, as it does by default, the monitor is flushed and
    /// its log directory is exported: all of it, with everything known about each record, under the rules of
    /// <see cref="LogDirectory.ExportMetricsAsync"/>. That method also offers records, progress and other bounds.</para>
    /// <para>For any other monitor, the points in memory are exported (<see cref="GenerationMonitorOptions.MaxRetainedPoints"/>), with
    /// their metric, time, value and model.</para>
    /// </remarks>
    /// <param name="monitor">The monitor. It may already be disposed.</param>
    /// <param name="outputPath">The file. Its directory is created if it does not exist. <see cref="ExportFormat.Csv"/> writes
    /// <c>&lt;name&gt;_&lt;metric&gt;.csv</c> for each metric.</param>
    /// <param name="format">The format.</param>
    /// <param name="window">How far back to go from now, by the monitor's clock. Must not be negative. Default: everything.</param>
    /// <param name="cancellationToken">A token to cancel the operation. Cancellation leaves no output behind.</param>
    /// <returns>A task that completes when everything is written.</returns>
    /// <exception cref="ArgumentException"><paramref name="monitor"/> is null, or <paramref name="outputPath"/> is null or
    /// empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> does not exist, or <paramref name="window"/> is
    /// negative.</exception>
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
        return monitor.LogDirectory is { } directory
            ? ExportLogAsync(monitor, directory, outputPath, format, since, cancellationToken)
            : Task.Run(() => ExportMemory(monitor, outputPath, format, since, cancellationToken), cancellationToken);
    }

    /// <summary>Draws one metric over time: its rolling mean, and its points or, if there are many, the band in which most of them
    /// lie.</summary>
    /// <remarks>The figure shows the points in memory, as kept under <see cref="GenerationMonitorOptions.MaxRetainedPoints"/>.
    /// <see cref="LogDirectory.PlotMetric"/> draws from the log.</remarks>
    /// <param name="monitor">The monitor. It may already be disposed.</param>
    /// <param name="metricName">The metric. If it has no points, the figure says so.</param>
    /// <param name="window">How far back to go from now, by the monitor's clock. Must not be negative. Default: one hour.</param>
    /// <param name="rollingWindow">The number of points in the rolling mean. Must be at least 1.</param>
    /// <param name="figureSize">The size that the figure is laid out for. Default: 12 x 8 inches.</param>
    /// <returns>The figure. Use <see cref="ScottPlot.Plot.SavePng"/> or <see cref="ScottPlot.Plot.SaveSvg"/> to write it to a
    /// file.</returns>
    /// <exception cref="ArgumentException"><paramref name="monitor"/> is null, or <paramref name="metricName"/> is null or
    /// empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative, or <paramref name="rollingWindow"/> is less
    /// than 1.</exception>
    public static ScottPlot.Plot PlotMetric(
        this GenerationMonitor monitor,
        string metricName,
        TimeSpan? window = null,
        int rollingWindow = 10,
        FigureSize? figureSize = null)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        ArgumentOutOfRangeException.ThrowIfLessThan(rollingWindow, 1);
        var source = new MemorySource(monitor.RetainedPoints(), monitor.WindowStartTime(window ?? TimeSpan.FromHours(1)));
        return FigureFiles.LaidOut(
            new FigureSet(source, FigureLook.Picture).Metric(metricName, rollingWindow),
            figureSize ?? FigureFiles.MetricSize);
    }

    /// <summary>Draws all figures of <see cref="LogDirectory.VisualizeMetrics"/> for which there is data, and writes each as
    /// <c>&lt;name&gt;.png</c>.</summary>
    /// <remarks>Like <see cref="PlotMetric"/>, it draws from memory; it draws all points that are there.</remarks>
    /// <param name="monitor">The monitor. It may already be disposed.</param>
    /// <param name="saveDirectory">The directory for the files. Created if it does not exist. Default: <c>plots</c> in the monitor's log
    /// directory.</param>
    /// <param name="figureSize">The size of the figures. Default: 12 x 6 inches.</param>
    /// <returns>The figures by name.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="monitor"/> is null.</exception>
    /// <exception cref="IOException">A file could not be written; the message says which and why.</exception>
    public static IReadOnlyDictionary<string, ScottPlot.Plot> VisualizeMetrics(
        this GenerationMonitor monitor, string? saveDirectory = null, FigureSize? figureSize = null)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        var figures = new FigureSet(new MemorySource(monitor.RetainedPoints(), DateTimeOffset.MinValue), FigureLook.Picture);
        return FigureFiles.Save(
            figures.All(),
            saveDirectory ?? Path.Combine(DirectoryOf(monitor), FigureFiles.DirectoryName),
            figureSize ?? FigureFiles.OverviewSize,
            new OutputRules(monitor.LogDirectory is { } directory ? [directory] : []));
    }

    /// <summary>Writes a report on everything in the monitor's log directory, as <see cref="LogDirectory.WriteReportAsync"/> does. The
    /// monitor is flushed first.</summary>
    /// <param name="monitor">The monitor. It may already be disposed.</param>
    /// <param name="outputPath">The file. Its directory is created if it does not exist. Default: <c>report.html</c> in the monitor's log
    /// directory.</param>
    /// <param name="cancellationToken">A token to cancel the operation. Cancellation leaves no output behind.</param>
    /// <returns>The summary that the report shows.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="monitor"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="outputPath"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">The monitor does not write its own log directory
    /// (<see cref="GenerationMonitorOptions.MetricHandlers"/>), so there is nothing to report on.</exception>
    /// <exception cref="IOException">A file could not be read or written; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<RunSummary> WriteReportAsync(
        this GenerationMonitor monitor,
        string? outputPath = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        string directory = DirectoryOf(monitor);
        outputPath ??= Path.Combine(directory, "report.html");
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        await monitor.FlushAsync(cancellationToken).ConfigureAwait(false);
        return await LogDirectory.Open(directory).WriteReportAsync(outputPath, cancellationToken).ConfigureAwait(false);
    }

    private static string DirectoryOf(GenerationMonitor monitor) =>
        monitor.LogDirectory ?? throw new InvalidOperationException("The monitor has no log directory, because it writes no files.");

    private static async Task ExportLogAsync(
        GenerationMonitor monitor,
        string directory,
        string outputPath,
        ExportFormat format,
        DateTimeOffset since,
        CancellationToken cancellationToken)
    {
        await monitor.FlushAsync(cancellationToken).ConfigureAwait(false);
        await LogDirectory.Open(directory)
            .ExportMetricsAsync(outputPath, format, new ExportOptions { Since = since }, progress: null, cancellationToken)
            .ConfigureAwait(false);
    }

    private static void ExportMemory(
        GenerationMonitor monitor,
        string outputPath,
        ExportFormat format,
        DateTimeOffset since,
        CancellationToken cancellationToken) =>
        ExportJob.Run(
            Path.GetFullPath(outputPath),
            format,
            new ExportOptions(),
            logDirectories: [],
            _ =>
            {
                var snapshot = new LogSnapshot(RecordColumn.All, cancellationToken);
                snapshot.AddPoints(monitor.RetainedPoints(), since);
                return snapshot;
            },
            progress: null,
            cancellationToken);
}
