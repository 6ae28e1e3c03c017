namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>A line is longer than the limit, and so cannot be kept as it is.</summary>
internal sealed class LineTooLongException : IOException;
