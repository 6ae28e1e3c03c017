using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>A record that was read, wherever its values lie. It is valid until its source goes on to the next.</summary>
internal interface IRecord
{
    /// <summary>What kind of record it is.</summary>
    RecordEvents Event { get; }

    /// <summary>UTC ticks.</summary>
    long Timestamp { get; }

    /// <summary>Whether the record has the field. An empty text counts as not given.</summary>
    bool Has(RecordField field);

    /// <summary>The value of a field that it has: a count, or ticks of a time.</summary>
    long Count(RecordField field);

    /// <summary>The value of a field that it has: seconds, dollars or a number.</summary>
    double Number(RecordField field);

    /// <summary>The value of a field that it has.</summary>
    bool Flag(RecordField field);

    /// <summary>The value of a field that it has, in UTF-8: a text without its escapes, an object as it stands in the line.</summary>
    ReadOnlySpan<byte> Text(RecordField field);
}
