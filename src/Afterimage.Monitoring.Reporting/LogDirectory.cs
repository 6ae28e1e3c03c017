using System.Data.Common;
using System.Globalization;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Compacting;
using Afterimage.Monitoring.Reporting.Comparing;
using Afterimage.Monitoring.Reporting.Exporting;
using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Importing;
using Afterimage.Monitoring.Reporting.Reading;
using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring;

/// <summary>A directory that monitors wrote, or are writing, their runs to. Reading it disturbs no writer.</summary>
/// <remarks>
/// All files <c>metrics*.jsonl</c> in it and below it are read (symbolic links below it are not followed), and what
/// <see cref="CompactAsync"/> made of such. The format is specified in docs/log-format.md. A line that is no valid record of it (torn by a
/// crash, of an unknown event, without a required key, or with a value of the wrong type in a key that metrics come from) is left out whole
/// and counted.
/// </remarks>
public sealed partial class LogDirectory
{
    private readonly LogReader _reader;

    private LogDirectory(LogReader reader) => _reader = reader;

    /// <summary>The full path; of several directories, all of them with <see cref="System.IO.Path.PathSeparator"/> between.</summary>
    public string Path => _reader.Path;

    /// <summary>Whether there is any file of records in it or below it, be it empty.</summary>
    /// <exception cref="IOException">A directory could not be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory may not be listed.</exception>
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

    /// <summary>Makes a log directory of a <c>metrics.jsonl</c> that Python's <c>afterimage.monitoring</c> wrote.</summary>
    /// <remarks>
    /// <para>A line is a metric point: <c>{"metric": …, "value": …, "timestamp": …}</c>, and every other key is kept as its metadata (a
    /// list, an object or a number of more than 28 digits as its JSON text). Bare <c>NaN</c> and <c>Infinity</c>, as Python writes them,
    /// are read. What is no such line is skipped and counted.</para>
    /// <para>Python's times are local and have no offset. A time that was there twice, because the clock was put back, is taken for the
    /// first of the two, unless lines before it are past that already; one that was never there is read with the offset before the clock
    /// was put forward. Both are counted. A time that has an offset is taken as it is.</para>
    /// <para>The directory appears when it is whole. An import that fails or is cancelled leaves nothing; one that is killed leaves a
    /// directory <c>.importing-…</c> beside it, which readers pass over and the next import to the same place removes.</para>
    /// </remarks>
    /// <param name="sourcePath">The file. It is read as it is now: an import of a file that is being written ends with its last whole
    /// line.</param>
    /// <param name="logDirectory">The directory to make; it may exist, if it is empty.</param>
    /// <param name="timeZone">The zone of the machine that wrote the file. Default: this machine's.</param>
    /// <param name="progress">Is told which share of the work is done, 0 to 1. Default: nobody is.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>What was imported.</returns>
    /// <exception cref="ArgumentException"><paramref name="sourcePath"/> or <paramref name="logDirectory"/> is null or empty.</exception>
    /// <exception cref="IOException">The file cannot be read, or has lines and none of them is a metric point; or the directory cannot be
    /// written or is not empty. The message says which and why.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
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
    /// <remarks>
    /// Needs memory for a part of the records only: what does not fit into about half a gigabyte goes to a temporary directory, removed
    /// afterwards.
    /// </remarks>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>The summary; without any file (<see cref="RunSummary.Files"/>) or record an empty one.</returns>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public RunSummary Summarize(CancellationToken cancellationToken = default) => _reader.Summarize(cancellationToken);

    /// <summary>Compares the records that are there now with those of another run.</summary>
    /// <remarks>
    /// Changes are counted from this run (<see cref="RunComparison.A"/>) to <paramref name="other"/>. Every metric of either is in the
    /// answer, with its figures, their intervals, and the test of each difference. Points count as independent of each other: where they
    /// hang together (an outage, a cache that fills), intervals are too narrow and differences too readily beyond chance. Needs memory for
    /// a part of the records only, as <see cref="Summarize"/> does.
    /// </remarks>
    /// <param name="other">The other run.</param>
    /// <param name="progress">Is told which share of the work is done, 0 to 1. Default: nobody is.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
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
    /// <param name="maxAlerts">How many at most, the newest. Default: 10,000. At least 1.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>The alerts; without any file an empty history.</returns>
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

    /// <summary>Runs SQL over the records that are there now.</summary>
    /// <remarks>
    /// <para>The dialect is DuckDB's. The views: <c>generations</c>, <c>evaluations</c>, <c>logs</c> and <c>alerts</c>, whose columns are
    /// the keys of docs/log-format.md (of alerts also <c>resolved</c>); <c>judged_generations</c>, an evaluation with the generation that
    /// it names a row; and <c>points</c>: <c>metric</c>, <c>timestamp</c>, <c>value</c>,
    /// the columns of the point's record, the <c>feedback</c> of its score, and its <c>metadata</c> (tags) as JSON. <c>timestamp</c> is in
    /// UTC and microseconds; token totals that were not given are the sum of the two others.</para>
    /// <para>It is one statement that reads: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW, PIVOT or EXPLAIN. Functions that reach
    /// beyond the records are closed: those that read files, change settings, write the engine's log or run a text.</para>
    /// <para>The statement sees a copy of the records, taken at the call: whatever it does, no file is read, written or changed by it, and
    /// no network is reached. Of a single SELECT only those columns are copied that it looks at, so that one that names a few is faster
    /// than one of all; lines are checked whole all the same. Copying needs memory for a part of the records only: what does not fit into
    /// about half a gigabyte goes to a temporary directory, removed afterwards.</para>
    /// </remarks>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Ends the work early, also that of <see cref="LogQuery.Reader"/>.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="ArgumentException"><paramref name="sql"/> is null or empty, or DuckDB does not take it; the message says
    /// why.</exception>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public LogQuery Query(string sql, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);

        return Query(sql, new LogQueryOptions(), cancellationToken);
    }

    /// <summary>Writes the records that are there now to a file, or to one a metric.</summary>
    /// <remarks>
    /// <para>The rows are in the order of the log's lines. Files are written beside their place and take it when all are whole, replacing
    /// what was there: an export that fails or is cancelled leaves nothing. Memory is bounded, whatever the number of records.</para>
    /// <para><see cref="ExportFormat.Csv"/> writes <c>&lt;name&gt;_&lt;metric&gt;.csv</c> for each metric (characters other than letters,
    /// digits, <c>-</c>, <c>_</c> and <c>.</c> become <c>_</c>, and what would then be the same gets a number), unless
    /// <see cref="ExportOptions.SingleFile"/> says otherwise, there is no point, or the shape is <see cref="ExportShape.Records"/>.
    /// <see cref="ExportFormat.Excel"/> writes a sheet a metric (a sheet for generations and one for evaluations), goes on in a further
    /// sheet past 1,048,575 rows, and cuts texts at 32,767 characters. The true name of a metric is in the column <c>metric</c>.</para>
    /// </remarks>
    /// <param name="outputPath">The file. Its directory is made where it does not exist.</param>
    /// <param name="format">The format.</param>
    /// <param name="options">What is exported. Default: all metric points.</param>
    /// <param name="progress">Is told which share of the work is done, 0 to 1. Default: nobody is.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArgumentException"><paramref name="outputPath"/> is null or empty, or <paramref name="options"/> asks for a metric
    /// of records.</exception>
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
            throw new ArgumentOutOfRangeException(nameof(options), options.Shape, "There is no such export shape.");
        if (options is { Shape: ExportShape.Records, MetricName: not null })
            throw new ArgumentException("Records are exported whole: a metric is of points.", nameof(options));

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

    /// <summary>Makes Parquet files of the finished files of records: 5 to 15 times smaller, and read several times faster.</summary>
    /// <remarks>
    /// <para>Whatever reads a log directory reads them as it read the files that they stand for, to the last digit; lines that were skipped
    /// go on being skipped and counted. Nothing is lost: a line that the columns would not give back byte for byte is kept as it is. Many
    /// small files become few. The files are described in docs/log-format.md.</para>
    /// <para>Files that a live writer has are left alone: a run may go on meanwhile, and so may readers. A compaction that is killed, or
    /// fails, leaves everything readable, once; the next goes on from there. When all is compacted, nothing is done.</para>
    /// <para>Compacted files do not count for <see cref="LogFileOptions.MaxTotalSize"/> and are not deleted by it. Budgets resume from them
    /// with <see cref="CompactedFileExtensions.UseCompactedFiles"/>.</para>
    /// </remarks>
    /// <param name="progress">Is told which share of the work is done, 0 to 1. Default: nobody is.</param>
    /// <param name="cancellationToken">Ends the work early, behind the file that is finished.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="IOException">A file could not be read or written, or another process is compacting the directory; the message says
    /// which.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory may not be listed or written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<CompactionResult> CompactAsync(IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Compact(progress, reached: null, cancellationToken), cancellationToken);

    /// <param name="progress">Is told which share of the work is done.</param>
    /// <param name="reached">Is told each step.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    internal CompactionResult Compact(IProgress<double>? progress, Action<CompactionStep>? reached, CancellationToken cancellationToken)
    {
        _reader.CheckVersion();
        return new Compactor(_reader.Find, _reader.MaxLineLength, progress, reached, cancellationToken).Run();
    }

    /// <summary>Whether a file of records is compacted.</summary>
    internal static bool IsCompacted(string path) => RecordFiles.IsCompacted(path);

    /// <summary>The last lines of each compacted file.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> ReadCompactedEnds(int count, CancellationToken cancellationToken) =>
        _reader.Translate(
            () => CompactedLines.ReadEnds([.. FindRecordFiles().Where(IsCompacted)], count, cancellationToken),
            cancellationToken);

    /// <summary>Draws one metric over time: its points, or where they are many the band that most of them lie in, and their rolling
    /// mean.</summary>
    /// <param name="metricName">The metric. One without points makes a figure that says so.</param>
    /// <param name="window">How far back from the latest record; not negative. Default: everything.</param>
    /// <param name="rollingWindow">Points that the mean is over, at least 1.</param>
    /// <param name="figureSize">The size that the figure is laid out for. Default: 12 x 8 inches.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>The figure; <see cref="ScottPlot.Plot.SavePng"/> and <see cref="ScottPlot.Plot.SaveSvg"/> write it.</returns>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> is null or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative, or <paramref name="rollingWindow"/> less than
    /// 1.</exception>
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
                            $"DELETE FROM record WHERE ticks < (SELECT max(ticks) FROM record) - {given.Ticks}"));
                return FigureFiles.LaidOut(
                    new FigureSet(new SnapshotSource(snapshot), FigureLook.Picture).Metric(metricName, rollingWindow),
                    figureSize ?? FigureFiles.MetricSize);
            },
            cancellationToken);
    }

    /// <summary>Draws all figures whose data exist, and writes each as <c>&lt;name&gt;.png</c>.</summary>
    /// <remarks>
    /// The figures: <c>success_error_rate</c>, <c>generation_time</c>, <c>total_token_count</c>, <c>prompt_token_count</c>,
    /// <c>completion_token_count</c>, <c>evaluation_scores</c>, <c>evaluation_time</c>, <c>time_to_first_token</c>,
    /// <c>tokens_per_second</c> (of the whole run, not of a call), <c>latency_by_model</c>, <c>cost</c>.
    /// </remarks>
    /// <param name="saveDirectory">Where to; made where it does not exist. Default: <c>plots</c> in the (first) log directory.</param>
    /// <param name="figureSize">Their size. Default: 12 x 6 inches.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
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

    /// <summary>Writes a report of all records that are there now: one page of HTML that needs nothing else to be read, no network and no
    /// script.</summary>
    /// <remarks>
    /// <para>It shows the summary, the figures of <see cref="VisualizeMetrics"/>, tokens and cost by model, alerts, slowest and failed
    /// generations, errors by kind, evaluation scores, every metric, and the runs. It follows the reader's choice of light or dark, fits a
    /// telephone, and prints. Names from the log are text in it, whatever they hold.</para>
    /// <para>Its size is bounded, whatever the number of records: figures have at most a few thousand marks, and tables end and say so.
    /// Without any record it says that. It is written beside its place and takes it when it is whole, replacing what was there.</para>
    /// </remarks>
    /// <param name="outputPath">The file. Its directory is made where it does not exist.</param>
    /// <param name="cancellationToken">Ends the work early; nothing is left of it.</param>
    /// <returns>The summary that the page shows.</returns>
    /// <exception cref="ArgumentException"><paramref name="outputPath"/> is null or empty.</exception>
    /// <exception cref="IOException">A file could not be read or written; the message says which and why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<RunSummary> WriteReportAsync(string outputPath, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputPath);

        return SaveReportAsync(outputPath, new OutputRules(Paths), by: null, cancellationToken);
    }

    /// <summary>Writes a report that also shows tokens and cost by a key, such as a tag for the tenant.</summary>
    /// <param name="outputPath">The file. Its directory is made where it does not exist.</param>
    /// <param name="by">What calls are grouped by.</param>
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
            report: null,
            out RunSummary summary,
            cancellationToken);
        return _reader.Translate(() => ReportQuery.Run(snapshot, summary, alerts, runs, made, by), cancellationToken);
    }
}
