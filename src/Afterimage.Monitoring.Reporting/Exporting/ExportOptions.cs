namespace Afterimage.Monitoring;

/// <summary>The selection and layout of an export.</summary>
public sealed record ExportOptions
{
    /// <summary>What each row is. Default: a metric point.</summary>
    public ExportShape Shape { get; init; } = ExportShape.Points;

    /// <summary>Exports only records with a time stamp at or after this time. Default: no bound.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exports only records with a time stamp before this time. Default: no bound.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Exports only the points of this metric. Default: all metrics. Must not be set for
    /// <see cref="ExportShape.Records"/>.</summary>
    public string? MetricName { get; init; }

    /// <summary>
    /// Whether <see cref="ExportFormat.Csv"/> writes all points to the requested file, and <see cref="ExportFormat.Excel"/> to one sheet.
    /// Default: no. CSV has one file per metric next to the requested one, <c>&lt;name&gt;_&lt;metric&gt;.csv</c>, as the Python module
    /// has; Excel has one sheet per metric.
    /// </summary>
    public bool SingleFile { get; init; }

    /// <summary>
    /// The maximum number of files that <see cref="ExportFormat.Csv"/> writes, and of sheets that <see cref="ExportFormat.Excel"/> writes,
    /// when each metric has its own. An export that would need more fails before it writes any. Default: 1,000. Must be at least 1.
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
    /// Whether the export may replace a file whose content is not in the export's format. Default: no; the export fails. A file of the log
    /// directory itself is never replaced.
    /// </summary>
    public bool ReplacesOtherFiles { get; init; }
}
