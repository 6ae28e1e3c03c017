namespace Afterimage.Monitoring;

/// <summary>How the answer to an SQL query comes.</summary>
public sealed record LogQueryOptions
{
    /// <summary>
    /// Whether values for which .NET or JSON has no good type come as text: lists, structs and maps as JSON; dates, times of day,
    /// intervals, BLOBs and whatever else is no number, flag, text or time stamp as DuckDB writes them. Default: no; they come as what
    /// DuckDB.NET makes of them, which refuses some.
    /// </summary>
    public bool ValuesAsText { get; init; }

    /// <summary>Whether the statement sees what may hold contents of calls: tags, feedback, and what was logged.</summary>
    internal bool HasContents { get; init; } = true;
}
