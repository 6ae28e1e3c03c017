namespace Afterimage.Monitoring.Schema;

/// <summary>A row of the table of fields.</summary>
/// <param name="Key">Its key in a line, and the name of its column.</param>
/// <param name="Type">What its value is.</param>
/// <param name="Events">The events that have it; others pass it over.</param>
/// <param name="Meaning">What it says, for docs/log-format.md; empty where the key says it all.</param>
internal sealed record RecordField(string Key, FieldType Type, RecordEvents Events, string Meaning)
{
    /// <summary>Its place in a line and in the table.</summary>
    public int Ordinal { get; init; }

    /// <summary>The events of which a line without it is no record.</summary>
    public RecordEvents Required { get; init; }

    /// <summary>Whether summaries and figures come from it. Of a text they take only that it is there.</summary>
    public bool IsOfFigures { get; init; }

    /// <summary>Whether a record keeps it with what most records do not have, by its ordinal; else a record has a place of its own for
    /// it.</summary>
    public bool IsExtra { get; init; }

    /// <summary>The highest count that it may have, where it is one.</summary>
    public long Highest { get; init; }

    public bool IsOf(RecordEvents events) => (Events & events) != 0;

    /// <summary>Whether a count is in its range.</summary>
    public bool Holds(long count) => (ulong)count <= (ulong)Highest;
}
