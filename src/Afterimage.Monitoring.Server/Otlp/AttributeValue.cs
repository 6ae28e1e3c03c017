namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>What kind of value an attribute has.</summary>
internal enum AttributeKind : byte
{
    None,
    Text,
    Integer,
    Number,
    Truth,

    /// <summary>A list: its number of items, and its first item where that is a text.</summary>
    List,
}

/// <summary>An attribute's value, without its text: that lies in the body or, where it had to be unescaped, beside it.</summary>
internal readonly record struct AttributeValue(AttributeKind Kind, long Bits = 0, int Start = 0, int Length = 0, bool IsUnescaped = false)
{
    public double Number => BitConverter.Int64BitsToDouble(Bits);
}
