namespace Afterimage.Monitoring;

/// <summary>The result of an export.</summary>
public sealed record ExportSummary
{
    /// <summary>The full paths of the files that were written.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The number of rows in all files, excluding headers.</summary>
    public required long Rows { get; init; }

    /// <summary>The number of lines in the log directory that held no valid record. They are in none of the files.</summary>
    public required long SkippedLines { get; init; }
}
