namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>The kind of content of an output file, as shown by its first bytes.</summary>
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

    /// <summary>An HTML page.</summary>
    Html,

    /// <summary>A PNG image.</summary>
    Png,

    /// <summary>An SVG image.</summary>
    Svg,
}
