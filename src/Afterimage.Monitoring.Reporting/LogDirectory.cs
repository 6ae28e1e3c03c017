using System.Globalization;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Compacting;
using Afterimage.Monitoring.Reporting.Exporting;
using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Importing;
using Afterimage.Monitoring.Reporting.Reading;
using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring;

/// <summary>A directory to which monitors wrote, or are writing, their runs. Reading it does not disturb any writer.</summary>
/// <remarks>
/// All files <c>metrics*.jsonl</c> in it and below it are read, as are the files that <see cref="CompactAsync"/> made of them. Symbolic
/// links below it are not followed. docs/log-format.md specifies the format. A line that is not a valid record (torn by a crash, of an
/// unknown event, without a required key, or with a value of the wrong type in a key that metrics come from) is left out completely and
/// counted.
/// </remarks>
public sealed partial class LogDirectory
{
    private readonly LogReader _reader;

    private LogDirectory(LogReader reader) => _reader = reader;

    /// <summary>The full path. For several directories, all their paths, separated by <see cref="System.IO.Path.PathSeparator"/>.</summary>
    public string Path => _reader.Path;

    /// <summary>Whether there is any file of records in the directory or below it, even an empty one.</summary>
    /// <exception cref="IOException">A directory could not be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a directory is denied.</exception>
    public bool HasRecordFiles => FindRecordFiles().Length > 0;

    /// <summary>Opens an existing directory. Nothing is read yet.</summary>
    /// <param name="path">The directory, absolute or relative to the current one.</param>
    /// <returns>The log directory.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory, or it is a file.</exception>
    public static LogDirectory Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);

        return new LogDirectory(new LogReader([FullPath(path)]));
    }

    /// <summary>Creates a log directory from a <c>metrics.jsonl</c> that Python's <c>afterimage.monitoring</c> wrote.</summary>
    /// <remarks>
    /// <para>Each line is a metric point: <c>{"metric": …, "value": …, "timestamp": …}</c>. Every other key is kept as its metadata (a
    /// list, an object or a number of more than 28 digits as its JSON text). Bare <c>NaN</c> and <c>Infinity</c>, as Python writes them,
    /// are read. Other lines are skipped and counted.</para>
    /// <para>Python's times are local and have no offset. An ambiguous time, which occurred twice because the clock was set back, is taken
    /// as the first of the two, unless lines before it are already past that. An invalid time, which never occurred, is read with the
    /// offset before the clock was set forward. Both are counted. A time with an offset is taken as it is.</para>
    /// <para>The directory appears when it is complete. An import that fails or is cancelled leaves nothing behind. An import that is
    /// killed leaves a directory <c>.importing-…</c> next to it, which readers ignore and the next import to the same place removes.</para>
    /// </remarks>
    /// <param name="sourcePath">The file. It is read as it is now: if it is still being written, the import ends with its last complete
    /// line.</param>
    /// <param name="logDirectory">The directory to create. It may exist if it is empty.</param>
    /// <param name="timeZone">The time zone of the machine that wrote the file. Default: this machine's.</param>
    /// <param name="progress">Receives progress from 0 to 1. Default: none.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The result of the import.</returns>
    /// <exception cref="ArgumentException"><paramref name="sourcePath"/> or <paramref name="logDirectory"/> is null or empty.</exception>
    /// <exception cref="IOException">The file cannot be read, or has lines of which none is a metric point; or the directory cannot be
    /// written to or is not empty. The message says which and why.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static Task<ImportResult> ImportMetricsAsync(
        string sourcePath,
        string logDirectory,
        TimeZoneInfo? timeZone = null,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(sourcePath);
        ArgumentException.ThrowIfNullOrEmpty(logDirectory);

        string source = System.IO.Path.GetFullPath(sourcePath);
        string target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(logDirectory));
        return Task.Run(
            () => ImportJob.Run(source, target, timeZone ?? TimeZoneInfo.Local, progress, cancellationToken),
            cancellationToken);
    }

    /// <summary>Summarises all records that are there now.</summary>
    /// <remarks>Only a part of the records is held in memory: what does not fit into about half a gigabyte goes to a temporary directory,
    /// which is removed afterwards.</remarks>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The summary. It is empty if there is no file (<see cref="RunSummary.Files"/>) or no record.</returns>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public RunSummary Summarize(CancellationToken cancellationToken = default) => _reader.Summarize(cancellationToken);

    /// <summary>Compares the records that are there now with those of another run.</summary>
    /// <remarks>
    /// Changes are measured from this run (<see cref="RunComparison.A"/>) to <paramref name="other"/>. The result contains every metric of
    /// either run, with its figures, their intervals, and the test of each difference. Points are assumed to be independent of each other.
    /// If they are not (an outage, a cache that fills), intervals are too narrow, and differences are too readily reported as beyond
    /// chance. Like <see cref="Summarize"/>, it holds only a part of the records in memory.
    /// </remarks>
    /// <param name="other">The other run.</param>
    /// <param name="progress">Receives progress from 0 to 1. Default: none.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The comparison.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is <see langword="null"/>.</exception>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<RunComparison> CompareAsync(
        LogDirectory other,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Task.Run(() => Compare([other], progress, cancellationToken)[0], cancellationToken);
    }

    /// <summary>Reads the alerts that are there now: all files <c>alerts*.jsonl</c> in the directory and below it.</summary>
    /// <param name="maxAlerts">The maximum number of alerts; the newest are kept. Default: 10,000. Must be at least 1.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The alerts; an empty history if there is no file.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxAlerts"/> is less than 1.</exception>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public AlertHistory ReadAlerts(int maxAlerts = 10_000, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAlerts, 1);

        using LogSnapshot snapshot = _reader.ReadAlerts(cancellationToken);
        return SinceThen(
            _reader.Translate(
                () => AlertQuery.Run(snapshot, maxAlerts, _reader.Find(LogReader.RunFiles)),
                cancellationToken));
    }

    /// <summary>Runs an SQL statement over the records that are there now.</summary>
    /// <remarks>
    /// <para>The dialect is DuckDB's. The views are <c>generations</c>, <c>evaluations</c>, <c>logs</c> and <c>alerts</c>, whose columns
    /// are the keys of docs/log-format.md (for alerts also <c>resolved</c>); <c>judged_generations</c>, in which each row is an evaluation
    /// with the generation that it names; and <c>points</c>: <c>metric</c>, <c>timestamp</c>, <c>value</c>, the columns of the point's
    /// record, the <c>feedback</c> of its score, and its <c>metadata</c> (tags) as JSON. <c>timestamp</c> is in UTC with microsecond
    /// precision. Token totals that were not given are the sum of the two others.</para>
    /// <para>There must be one statement, and it must read: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW, PIVOT or EXPLAIN.
    /// Functions that reach beyond the records are disabled: those that read files, change settings, write the engine's log or run a
    /// text.</para>
    /// <para>The statement sees the records as they were at the time of the call. Whatever it does, it cannot read another file, change
    /// any, or reach the network. For a single SELECT, only the columns that it uses are read; lines are still validated in full. Records
    /// of lines are copied, those of compacted files are read in place on Linux. What does not fit into about 0.7 GB of memory goes to a
    /// temporary directory, which is removed afterwards.</para>
    /// </remarks>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">A token to cancel the operation, including reading from <see cref="LogQuery.Reader"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException"><paramref name="sql"/> is null or empty, or DuckDB does not accept it; the message says
    /// why.</exception>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public LogQuery Query(string sql, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);

        return Query(sql, new LogQueryOptions(), cancellationToken);
    }

    /// <summary>Writes the records that are there now to one file, or to one file per metric.</summary>
    /// <remarks>
    /// <para>The rows are in the order of the log's lines. Files are written under temporary names and, when all are complete, replace what
    /// was there. An export that fails or is cancelled leaves nothing behind. Memory is bounded, whatever the number of records.</para>
    /// <para><see cref="ExportFormat.Csv"/> writes <c>&lt;name&gt;_&lt;metric&gt;.csv</c> for each metric, unless
    /// <see cref="ExportOptions.SingleFile"/> is set, there is no point, or the shape is <see cref="ExportShape.Records"/>. Characters
    /// other than letters, digits, <c>-</c>, <c>_</c> and <c>.</c> become <c>_</c>; names that would then be equal get a number.
    /// <see cref="ExportFormat.Excel"/> writes one sheet per metric (or one sheet for generations and one for evaluations; or one for all
    /// points, with <see cref="ExportOptions.SingleFile"/>), continues in a further sheet past 1,048,575 rows, and truncates texts at
    /// 32,767 characters. The true name of a metric is in the column <c>metric</c>.</para>
    /// </remarks>
    /// <param name="outputPath">The file. Its directory is created if it does not exist.</param>
    /// <param name="format">The format.</param>
    /// <param name="options">The selection and layout. Default: all metric points.</param>
    /// <param name="progress">Receives progress from 0 to 1. Default: none.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The result of the export.</returns>
    /// <exception cref="ArgumentException"><paramref name="outputPath"/> is null or empty, or <paramref name="options"/> names a metric for
    /// an export of records.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> or the shape does not exist.</exception>
    /// <exception cref="IOException">A file could not be read or written; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<ExportSummary> ExportMetricsAsync(
        string outputPath,
        ExportFormat format = ExportFormat.Json,
        ExportOptions? options = null,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ExportJob.ThrowIfUnknown(format);
        options ??= new ExportOptions();
        if (!Enum.IsDefined(options.Shape))
            throw new ArgumentOutOfRangeException(nameof(options), options.Shape, "The shape must be a defined ExportShape.");
        if (options is { Shape: ExportShape.Records, MetricName: not null })
            throw new ArgumentException("A metric must not be given when whole records are exported.", nameof(options));

        string path = System.IO.Path.GetFullPath(outputPath);
        return Task.Run(
            () => ExportJob.Run(
                path,
                format,
                options,
                Paths,
                report => _reader.Read(QueryInput.OfRecords(RecordColumn.All), cancellationToken, options.Since, options.Until, report),
                progress,
                cancellationToken),
            cancellationToken);
    }

    /// <summary>Converts the finished files of records to Parquet files, which are 5 to 15 times smaller and are read several times
    /// faster.</summary>
    /// <remarks>
    /// <para>Everything that reads a log directory reads the Parquet files exactly as it read the original files, to the last digit; lines
    /// that were skipped are still skipped and counted. Nothing is lost: a line that could not be restored byte for byte from the columns
    /// is kept as it is. Many small files become few. docs/log-format.md describes the files.</para>
    /// <para>Files of a live writer are left alone, so that a run may continue in the meantime, as may readers. If a compaction is killed
    /// or fails, every record is still read, and read once; the next compaction continues from there. If everything is already compacted,
    /// nothing happens.</para>
    /// <para>Compacted files do not count towards <see cref="LogFileOptions.MaxTotalSize"/> and are not deleted because of it. Budgets
    /// resume from them with <see cref="CompactedFileExtensions.UseCompactedFiles"/>.</para>
    /// </remarks>
    /// <param name="progress">Receives progress from 0 to 1. Default: none.</param>
    /// <param name="cancellationToken">A token to cancel the operation after the current file.</param>
    /// <returns>The result of the compaction.</returns>
    /// <exception cref="IOException">A file could not be read or written, or another process is compacting the directory; the message says
    /// which.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory may not be listed or written to.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<CompactionResult> CompactAsync(IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Compact(progress, reached: null, cancellationToken), cancellationToken);

    /// <param name="progress">Receives progress from 0 to 1.</param>
    /// <param name="reached">Called at each step.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    internal CompactionResult Compact(IProgress<double>? progress, Action<CompactionStep>? reached, CancellationToken cancellationToken)
    {
        _reader.CheckVersion();
        return new Compactor(_reader.Find, _reader.MaxLineLength, progress, reached, cancellationToken).Run();
    }

    /// <summary>Returns whether a file of records is compacted.</summary>
    internal static bool IsCompacted(string path) => RecordFiles.IsCompacted(path);

    /// <summary>Reads the last lines of each compacted file.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> ReadCompactedEnds(int count, CancellationToken cancellationToken) =>
        _reader.Translate(
            () => CompactedLines.ReadEnds([.. FindRecordFiles().Where(IsCompacted)], count, cancellationToken),
            cancellationToken);

    /// <summary>Draws one metric over time: its rolling mean, and its points or, if there are many, the band in which most of them
    /// lie.</summary>
    /// <param name="metricName">The metric. If it has no points, the figure says so.</param>
    /// <param name="window">How far back to go from the latest record. Must not be negative. Default: everything.</param>
    /// <param name="rollingWindow">The number of points in the rolling mean. Must be at least 1.</param>
    /// <param name="figureSize">The size that the figure is laid out for. Default: 12 x 8 inches.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The figure. Use <see cref="ScottPlot.Plot.SavePng"/> or <see cref="ScottPlot.Plot.SaveSvg"/> to write it to a
    /// file.</returns>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> is null or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative, or <paramref name="rollingWindow"/> is less
    /// than 1.</exception>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ScottPlot.Plot PlotMetric(
        string metricName,
        TimeSpan? window = null,
        int rollingWindow = 10,
        FigureSize? figureSize = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        ArgumentOutOfRangeException.ThrowIfLessThan(window ?? TimeSpan.Zero, TimeSpan.Zero, nameof(window));
        ArgumentOutOfRangeException.ThrowIfLessThan(rollingWindow, 1);

        QueryInput input = _reader.Translate(() => QueryInput.Of(PointSource.Points(metricName), cancellationToken), cancellationToken);
        using LogSnapshot snapshot = _reader.Read(input, cancellationToken);
        return _reader.Translate(
            () =>
            {
                if (window is { } given)
                    snapshot.Execute(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"DELETE FROM read_record WHERE ticks < (SELECT max(ticks) FROM read_record) - {given.Ticks}"));
                return FigureFiles.LaidOut(
                    new FigureSet(new SnapshotSource(snapshot), FigureLook.Picture).Metric(metricName, rollingWindow),
                    figureSize ?? FigureFiles.MetricSize);
            },
            cancellationToken);
    }

    /// <summary>Draws all figures for which there is data, and writes each as <c>&lt;name&gt;.png</c>.</summary>
    /// <remarks>
    /// The figures are <c>success_error_rate</c>, <c>generation_time</c>, <c>total_token_count</c>, <c>prompt_token_count</c>,
    /// <c>completion_token_count</c>, <c>evaluation_scores</c>, <c>evaluation_time</c>, <c>time_to_first_token</c>,
    /// <c>tokens_per_second</c> (of the whole run, not of one call), <c>latency_by_model</c> and <c>cost</c>.
    /// </remarks>
    /// <param name="saveDirectory">The directory for the files. Created if it does not exist. Default: <c>plots</c> in the (first) log
    /// directory.</param>
    /// <param name="figureSize">The size of the figures. Default: 12 x 6 inches.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The figures by name.</returns>
    /// <exception cref="IOException">A file could not be read or written; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public IReadOnlyDictionary<string, ScottPlot.Plot> VisualizeMetrics(
        string? saveDirectory = null, FigureSize? figureSize = null, CancellationToken cancellationToken = default) =>
        SaveFigures(
            saveDirectory ?? System.IO.Path.Combine(Paths[0], FigureFiles.DirectoryName),
            figureSize ?? FigureFiles.OverviewSize,
            new OutputRules(Paths),
            cancellationToken);

    internal IReadOnlyDictionary<string, ScottPlot.Plot> SaveFigures(
        string saveDirectory,
        FigureSize figureSize,
        OutputRules rules,
        CancellationToken cancellationToken)
    {
        using LogSnapshot snapshot = _reader.Read(QueryInput.OfRecords(RecordColumn.OfSummary), cancellationToken);
        IReadOnlyList<DrawnFigure> figures = _reader.Translate(
            () => new FigureSet(new SnapshotSource(snapshot), FigureLook.Picture).All(),
            cancellationToken);
        return FigureFiles.Save(figures, saveDirectory, figureSize, rules);
    }

    /// <summary>Writes a report on all records that are there now: a single HTML page that needs no other file, no network and no
    /// script.</summary>
    /// <remarks>
    /// <para>The report shows the summary, the figures of <see cref="VisualizeMetrics"/>, tokens and cost by model, alerts, the slowest and
    /// the failed generations, errors by kind, evaluation scores, every metric, and the runs. It follows the reader's choice of a light or
    /// dark theme, fits on a phone, and can be printed. Names from the log are always shown as text, whatever they contain.</para>
    /// <para>The size of the report is bounded, whatever the number of records: figures have at most a few thousand marks, and tables that
    /// are cut off say so. If there are no records, the report says so. It is written under a temporary name and, when it is complete,
    /// replaces what was there.</para>
    /// </remarks>
    /// <param name="outputPath">The file. Its directory is created if it does not exist.</param>
    /// <param name="cancellationToken">A token to cancel the operation. Cancellation leaves no output behind.</param>
    /// <returns>The summary that the report shows.</returns>
    /// <exception cref="ArgumentException"><paramref name="outputPath"/> is null or empty.</exception>
    /// <exception cref="IOException">A file could not be read or written; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<RunSummary> WriteReportAsync(string outputPath, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputPath);

        return SaveReportAsync(outputPath, new OutputRules(Paths), by: null, cancellationToken);
    }

    /// <summary>Writes a report that also shows tokens and cost by a key, such as a tag for the tenant.</summary>
    /// <param name="outputPath">The file. Its directory is created if it does not exist.</param>
    /// <param name="by">The key to group calls by.</param>
    /// <inheritdoc cref="WriteReportAsync"/>
    /// <param name="cancellationToken"/>
    /// <exception cref="ArgumentNullException"><paramref name="by"/> is null.</exception>
    public Task<RunSummary> WriteReportByAsync(string outputPath, SummaryKey by, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(by);

        return SaveReportAsync(outputPath, new OutputRules(Paths), by, cancellationToken);
    }

    internal Task<RunSummary> SaveReportAsync(
        string outputPath,
        OutputRules rules,
        SummaryKey? by,
        CancellationToken cancellationToken)
    {
        string path = System.IO.Path.GetFullPath(outputPath);
        return Task.Run(() => ReportJob.Run(path, rules, () => ReadReport(by, cancellationToken), cancellationToken), cancellationToken);
    }

    private ReportData ReadReport(SummaryKey? by, CancellationToken cancellationToken)
    {
        AlertHistory alerts = ReadAlerts(cancellationToken: cancellationToken);
        LogRun[] runs = [.. _reader.FindRunFiles().Select(LogRun.Read).OfType<LogRun>().OrderBy(run => run.Start)];
        DateTimeOffset made = TimeProvider.System.GetUtcNow();
        using LogSnapshot snapshot = _reader.ReadWithSummary(
            by is null ? RecordColumn.OfReport : RecordColumn.OfReportByKey,
            new NameLimits(),
            report: null,
            out RunSummary summary,
            cancellationToken);
        return _reader.Translate(() => ReportQuery.Run(snapshot, summary, alerts, runs, made, by), cancellationToken);
    }
}
