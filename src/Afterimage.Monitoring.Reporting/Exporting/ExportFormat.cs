using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>The formats that records are exported to.</summary>
public enum ExportFormat
{
    /// <summary>One JSON array with an object a row. Times are ISO 8601 in UTC; NaN and infinities are the strings of
    /// docs/log-format.md.</summary>
    Json,

    /// <summary>
    /// Comma-separated values (RFC 4180) in UTF-8 with a header. A text that a spreadsheet would run as a formula (it begins with <c>=</c>,
    /// <c>+</c>, <c>-</c>, <c>@</c>, a tab or a carriage return) has an apostrophe before it.
    /// </summary>
    Csv,

    /// <summary>
    /// An Excel workbook (.xlsx). Numbers are numbers, times are times (UTC), texts are never formulas. A cell holds 32,767 characters.
    /// Control characters are escaped as the format has it (<c>_x001B_</c>).
    /// </summary>
    Excel,

    /// <summary>Apache Parquet with typed columns, compressed with Zstandard. <c>timestamp</c> is in UTC and microseconds.</summary>
    Parquet,
}
