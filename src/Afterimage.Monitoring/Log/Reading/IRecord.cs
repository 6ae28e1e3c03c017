using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>A record that was read, wherever its values are stored. It is valid until its source advances to the next.</summary>
internal interface IRecord
{
    /// <summary>The kind of the record.</summary>
    RecordEvents Event { get; }

    /// <summary>The time of the record, in UTC ticks.</summary>
    long Timestamp { get; }

    /// <summary>Returns whether the record has the field. An empty text counts as not given.</summary>
    bool Has(RecordField field);

    /// <summary>Returns the value of a field that the record has: a count, or a time in ticks.</summary>
    long Count(RecordField field);

    /// <summary>Returns the value of a field that the record has: seconds, dollars or a number.</summary>
    double Number(RecordField field);

    /// <summary>Returns the value of a field that the record has.</summary>
    bool Flag(RecordField field);

    /// <summary>Returns the value of a field that the record has, in UTF-8: a text without its escapes, an object as it is in the
    /// line.</summary>
    ReadOnlySpan<byte> Text(RecordField field);
}
