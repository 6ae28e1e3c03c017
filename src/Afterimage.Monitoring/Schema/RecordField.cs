namespace Afterimage.Monitoring.Schema;

/// <summary>A row of the table of fields.</summary>
/// <param name="Key">The key of the field in a line, and the name of its column.</param>
/// <param name="Type">The type of the value.</param>
/// <param name="Events">The events that have the field. Other events ignore it.</param>
/// <param name="Meaning">The meaning of the field, for docs/log-format.md; empty if the key is self-explanatory.</param>
internal sealed record RecordField(string Key, FieldType Type, RecordEvents Events, string Meaning)
{
    /// <summary>The position of the field in a line and in the table.</summary>
    public int Ordinal { get; init; }

    /// <summary>The events that require the field: a line of theirs without it is not a record.</summary>
    public RecordEvents Required { get; init; }

    /// <summary>Whether summaries and figures use the field. Of a text, they only use whether it is given.</summary>
    public bool IsOfFigures { get; init; }

    /// <summary>Whether a record stores the field by its ordinal, with the fields that most records do not have. Otherwise, a record has a
    /// member for it.</summary>
    public bool IsExtra { get; init; }

    /// <summary>The highest count that it may have, where it is one.</summary>
    public long Highest { get; init; }

    public bool IsOf(RecordEvents events) => (Events & events) != 0;

    /// <summary>Whether a count is in its range.</summary>
    public bool Holds(long count) => (ulong)count <= (ulong)Highest;
}
