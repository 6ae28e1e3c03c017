namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>The exception that is thrown when a line is longer than the limit, and so cannot be kept as it is.</summary>
internal sealed class LineTooLongException : IOException;
