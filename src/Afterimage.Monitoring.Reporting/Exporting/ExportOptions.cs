using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>What of a log directory is exported, and how it is laid out.</summary>
public sealed record ExportOptions
{
    /// <summary>What a row is. Default: a metric point.</summary>
    public ExportShape Shape { get; init; } = ExportShape.Points;

    /// <summary>Only what is stamped at or after this. Default: no bound.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only what is stamped before this. Default: no bound.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only the points of this metric. Default: all metrics. Has no place in <see cref="ExportShape.Records"/>.</summary>
    public string? MetricName { get; init; }

    /// <summary>
    /// Whether <see cref="ExportFormat.Csv"/> puts all points into the one file that was asked for. Default: one file a metric beside it,
    /// <c>&lt;name&gt;_&lt;metric&gt;.csv</c>, as the Python module does.
    /// </summary>
    public bool SingleFile { get; init; }

    /// <summary>
    /// How many files <see cref="ExportFormat.Csv"/> writes at most where each metric has one. An export of more fails before it writes
    /// any. Default: 1,000. At least 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxFiles
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 1000;

    /// <summary>
    /// Whether a file that holds something else than the export's format may be replaced. Default: no; the export fails. A file of the log
    /// directory itself is never replaced.
    /// </summary>
    public bool ReplacesOtherFiles { get; init; }
}
