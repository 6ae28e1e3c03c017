namespace Afterimage.Monitoring;

/// <summary>The file format of an export.</summary>
public enum ExportFormat
{
    /// <summary>One JSON array with one object per row. Times are ISO 8601 in UTC; NaN and infinities are the strings defined in
    /// docs/log-format.md.</summary>
    Json,

    /// <summary>
    /// Comma-separated values (RFC 4180) in UTF-8 with a header. A text that a spreadsheet would run as a formula (one that begins with
    /// <c>=</c>, <c>+</c>, <c>-</c>, <c>@</c>, a tab or a carriage return) is prefixed with an apostrophe.
    /// </summary>
    Csv,

    /// <summary>
    /// An Excel workbook (.xlsx). Numbers are stored as numbers, times as times (UTC), and texts never as formulas. A cell holds at most
    /// 32,767 characters. Control characters are escaped as the format requires (<c>_x001B_</c>).
    /// </summary>
    Excel,

    /// <summary>Apache Parquet with typed columns, compressed with Zstandard. <c>timestamp</c> is in UTC with microsecond
    /// precision.</summary>
    Parquet,
}
