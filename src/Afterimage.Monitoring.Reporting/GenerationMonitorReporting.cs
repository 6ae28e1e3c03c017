using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Exporting;
using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>Takes out of a monitor what it recorded.</summary>
public static class GenerationMonitorReporting
{
    /// <summary>Writes the metric points of a monitor to a file, or to one a metric.</summary>
    /// <remarks>
    /// <para>A monitor that writes its own <see cref="GenerationMonitor.LogDirectory"/> (it does by default) is flushed, and its log
    /// directory is exported: everything that is in it, with all that is known of each record, under the rules of
    /// <see cref="LogDirectory.ExportMetricsAsync"/>, which can do more: records, progress, other bounds.</para>
    /// <para>Of any other monitor those points are exported that are in memory (<see cref="GenerationMonitorOptions.MaxRetainedPoints"/>),
    /// with their metric, time, value and model.</para>
    /// </remarks>
    /// <param name="monitor">The monitor; it may be disposed already.</param>
    /// <param name="outputPath">The file. Its directory is made where it does not exist. <see cref="ExportFormat.Csv"/> writes
    /// <c>&lt;name&gt;_&lt;metric&gt;.csv</c> for each metric.</param>
    /// <param name="format">The format.</param>
    /// <param name="window">How far back from now, by the monitor's clock; not negative. Default: everything.</param>
    /// <param name="cancellationToken">Ends the work early; nothing is left of it.</param>
    /// <returns>A task that ends when everything is written.</returns>
    /// <exception cref="ArgumentException"><paramref name="monitor"/> is null, or <paramref name="outputPath"/> null or empty.</exception>
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

    /// <summary>Draws one metric over time: its points, or where they are many the band that most of them lie in, and their rolling
    /// mean.</summary>
    /// <remarks>Drawn from memory: the points that <see cref="GenerationMonitorOptions.MaxRetainedPoints"/> keeps.
    /// <see cref="LogDirectory.PlotMetric"/> draws from the log.</remarks>
    /// <param name="monitor">The monitor; it may be disposed already.</param>
    /// <param name="metricName">The metric. One without points makes a figure that says so.</param>
    /// <param name="window">How far back from now, by the monitor's clock; not negative. Default: one hour.</param>
    /// <param name="rollingWindow">Points that the mean is over, at least 1.</param>
    /// <param name="figureSize">The size that the figure is laid out for. Default: 12 x 8 inches.</param>
    /// <returns>The figure; <see cref="ScottPlot.Plot.SavePng"/> and <see cref="ScottPlot.Plot.SaveSvg"/> write it.</returns>
    /// <exception cref="ArgumentException"><paramref name="monitor"/> is null, or <paramref name="metricName"/> null or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative, or <paramref name="rollingWindow"/> less than
    /// 1.</exception>
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

    /// <summary>Draws all figures whose data exist, and writes each as <c>&lt;name&gt;.png</c>: those of
    /// <see cref="LogDirectory.VisualizeMetrics"/>.</summary>
    /// <remarks>Drawn from memory, as those of <see cref="PlotMetric"/>, of everything that is there.</remarks>
    /// <param name="monitor">The monitor; it may be disposed already.</param>
    /// <param name="saveDirectory">Where to; made where it does not exist. Default: <c>plots</c> in the monitor's log directory.</param>
    /// <param name="figureSize">Their size. Default: 12 x 6 inches.</param>
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

    /// <summary>Writes a report of everything that is in the monitor's log directory: that of <see cref="LogDirectory.WriteReportAsync"/>.
    /// The monitor is flushed first.</summary>
    /// <param name="monitor">The monitor; it may be disposed already.</param>
    /// <param name="outputPath">The file. Its directory is made where it does not exist. Default: <c>report.html</c> in the monitor's log
    /// directory.</param>
    /// <param name="cancellationToken">Ends the work early; nothing is left of it.</param>
    /// <returns>The summary that the page shows.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="monitor"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="outputPath"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">The monitor does not write its own log directory
    /// (<see cref="GenerationMonitorOptions.MetricHandlers"/>): there is nothing to report of.</exception>
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
        monitor.LogDirectory ?? throw new InvalidOperationException("The monitor writes no files, and has no log directory.");

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
