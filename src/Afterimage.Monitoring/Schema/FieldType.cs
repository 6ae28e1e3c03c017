namespace Afterimage.Monitoring.Schema;

/// <summary>What a field's value is, and so how it is written, read and kept.</summary>
internal enum FieldType
{
    /// <summary>A moment: a string, ISO 8601 with an offset and up to seven digits of a second.</summary>
    Time,

    /// <summary>A length of time: a number of seconds that is not negative.</summary>
    Seconds,

    /// <summary>A whole number from 0 to <see cref="RecordField.Highest"/>.</summary>
    Count,

    /// <summary>A boolean.</summary>
    Flag,

    /// <summary>A number of US dollars from 0 to less than <see cref="RecordSchema.HighestCost"/>.</summary>
    Dollars,

    /// <summary>Any number; NaN and the infinities are strings.</summary>
    Number,

    /// <summary>A string that recurs, such as a model's name.</summary>
    Name,

    /// <summary>A string that hardly recurs.</summary>
    Text,

    /// <summary>An object with scalars.</summary>
    Object,

    /// <summary>An object with numbers, in the sense of <see cref="Number"/>.</summary>
    Numbers,
}
