namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>What an output file holds, as its first bytes show it.</summary>
internal enum OutputKind
{
    /// <summary>A JSON array.</summary>
    Json,

    /// <summary>Comma-separated values with a header.</summary>
    Csv,

    /// <summary>An Excel workbook, which is a ZIP archive.</summary>
    Excel,

    /// <summary>Apache Parquet.</summary>
    Parquet,

    /// <summary>A page of HTML.</summary>
    Html,

    /// <summary>A PNG picture.</summary>
    Png,

    /// <summary>An SVG picture.</summary>
    Svg,
}
