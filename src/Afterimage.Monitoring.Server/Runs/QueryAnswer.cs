namespace Afterimage.Monitoring.Server.Runs;

/// <summary>The rows returned by a statement.</summary>
internal sealed record QueryAnswer(
    IReadOnlyList<QueryColumn> Columns,
    IReadOnlyList<object?[]> Rows,
    bool IsCut,
    long SkippedLines,
    double Seconds);

/// <summary>A column of a statement's result, with the way to show it.</summary>
internal sealed record QueryColumn(string Name, string Kind);

/// <summary>The exception that is thrown when a statement has no result. The message is one sentence for the author of the
/// statement.</summary>
internal sealed class QueryException(int status, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public int Status => status;
}
