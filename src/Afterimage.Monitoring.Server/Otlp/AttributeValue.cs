namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The kind of an attribute's value.</summary>
internal enum AttributeKind : byte
{
    None,
    Text,
    Integer,
    Number,
    Truth,

    /// <summary>A list: its number of items, and its first item if that is a text.</summary>
    List,
}

/// <summary>The value of an attribute. Its text is stored in the body or, if it had to be unescaped, separately.</summary>
internal readonly record struct AttributeValue(AttributeKind Kind, long Bits = 0, int Start = 0, int Length = 0, bool IsUnescaped = false)
{
    public double Number => BitConverter.Int64BitsToDouble(Bits);
}
