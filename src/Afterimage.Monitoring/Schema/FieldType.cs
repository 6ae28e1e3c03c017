namespace Afterimage.Monitoring.Schema;

/// <summary>The type of a field's value, which determines how it is written, read and stored.</summary>
internal enum FieldType
{
    /// <summary>A point in time: a string in ISO 8601 with an offset and up to seven decimals of a second.</summary>
    Time,

    /// <summary>A length of time: a number of seconds. Must not be negative.</summary>
    Seconds,

    /// <summary>A whole number from 0 to <see cref="RecordField.Highest"/>.</summary>
    Count,

    /// <summary>A boolean.</summary>
    Flag,

    /// <summary>A number of US dollars, from 0 to less than <see cref="RecordSchema.HighestCost"/>.</summary>
    Dollars,

    /// <summary>Any number. NaN and the infinities are strings.</summary>
    Number,

    /// <summary>A string that recurs, such as the name of a model.</summary>
    Name,

    /// <summary>A string that rarely recurs.</summary>
    Text,

    /// <summary>An object with scalars.</summary>
    Object,

    /// <summary>An object with numbers as defined by <see cref="Number"/>.</summary>
    Numbers,
}
