namespace Afterimage.Monitoring;

/// <summary>Options for the result of an SQL query.</summary>
public sealed record LogQueryOptions
{
    /// <summary>
    /// Whether values without a suitable type in .NET or JSON are returned as text: lists, structs and maps as JSON; dates, times of day,
    /// intervals, BLOBs and everything else that is not a number, a Boolean, text or a time stamp as DuckDB writes it. Default: no; they
    /// are returned as DuckDB.NET converts them, which refuses some.
    /// </summary>
    public bool ValuesAsText { get; init; }

    /// <summary>Whether the statement sees data that may hold contents of calls: tags, feedback, and log entries.</summary>
    internal bool HasContents { get; init; } = true;
}
