using System.Buffers.Text;
using System.Text.Json;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The needed parts of a resource, a span or a log record, whatever its encoding. An instance can be used for any number of
/// them.</summary>
internal sealed class OtlpItem
{
    public const int ErrorStatus = 2;

    private readonly AttributeValue[] _values = new AttributeValue[AttributeFields.Count];
    private readonly List<int> _given = [];
    private byte[] _unescaped = [];
    private int _unescapedLength;

    /// <summary>The body of the request, which contains the texts.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    public SpanKey Key { get; set; }

    /// <summary>The span ID of the parent; 0 if there is none.</summary>
    public ulong Parent { get; set; }

    /// <summary>The start, in nanoseconds of Unix time.</summary>
    public ulong Start { get; set; }

    /// <summary>The end, in nanoseconds of Unix time. For a log record: its time.</summary>
    public ulong End { get; set; }

    public int Status { get; set; }

    public AttributeValue Name { get; set; }

    public AttributeValue StatusMessage { get; set; }

    /// <summary>One more than the highest index of an indexed input message (<c>llm.input_messages.N.…</c>,
    /// <c>gen_ai.prompt.N.…</c>).</summary>
    public int IndexedMessages { get; private set; }

    public void Clear()
    {
        foreach (int slot in _given)
            _values[slot] = default;
        _given.Clear();
        _unescapedLength = 0;
        Key = default;
        Parent = 0;
        Start = End = 0;
        Status = 0;
        Name = StatusMessage = default;
        IndexedMessages = 0;
    }

    /// <summary>Takes an attribute that no field comes from, but that may be an indexed message.</summary>
    public void TakeIndexed(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> index =
            name.StartsWith("llm.input_messages."u8) ? name["llm.input_messages.".Length..]
            : name.StartsWith("gen_ai.prompt."u8) ? name["gen_ai.prompt.".Length..]
            : default;
        bool isNumbered = Utf8Parser.TryParse(index, out int message, out int length) && length < index.Length && index[length] == '.';
        if (isNumbered && message is >= 0 and < 100_000)
            IndexedMessages = Math.Max(IndexedMessages, message + 1);
    }

    public void Set(int slot, AttributeValue value)
    {
        // An attribute that occurs twice violates the protocol. The first one counts.
        if (value.Kind == AttributeKind.None || _values[slot].Kind != AttributeKind.None)
            return;
        _values[slot] = value;
        _given.Add(slot);
    }

    /// <summary>Stores a text that is not in the body in this form.</summary>
    public AttributeValue Keep(ref Utf8JsonReader reader)
    {
        int capacity = reader.ValueSpan.Length;
        if (_unescaped.Length - _unescapedLength < capacity)
            Array.Resize(ref _unescaped, Math.Max(_unescapedLength + capacity, _unescaped.Length * 2));
        int length = reader.CopyString(_unescaped.AsSpan(_unescapedLength));
        var text = new AttributeValue(AttributeKind.Text, 0, _unescapedLength, length, IsUnescaped: true);
        _unescapedLength += length;
        return text;
    }

    public bool Has(int[] field) => Find(field).Kind != AttributeKind.None;

    /// <summary>Returns the first attribute that is present of those that the field comes from.</summary>
    public AttributeValue Find(int[] field)
    {
        foreach (int slot in field)
        {
            AttributeValue value = _values[slot];
            if (value.Kind != AttributeKind.None && !(value.Kind == AttributeKind.Text && value.Length == 0))
                return value;
        }

        return default;
    }

    /// <summary>Returns the text of a value, or of the first item of a list. Empty if there is none.</summary>
    public ReadOnlySpan<byte> Text(AttributeValue value) =>
        value.IsUnescaped ? _unescaped.AsSpan(value.Start, value.Length) : Body.Span.Slice(value.Start, value.Length);

    public ReadOnlySpan<byte> Text(int[] field) => Text(Find(field));

    /// <summary>Returns the value of the field as a count; null if none of its values is a count.</summary>
    public long? Count(int[] field)
    {
        AttributeValue value = Find(field);
        long? count = value.Kind switch
        {
            AttributeKind.Integer => value.Bits,
            AttributeKind.Number when value.Number is >= 0 and < long.MaxValue && double.IsInteger(value.Number) => (long)value.Number,
            AttributeKind.Text when Utf8Parser.TryParse(Text(value), out long parsed, out int length) && length == value.Length => parsed,
            _ => null,
        };
        return GenerationSpan.Told(count);
    }

    /// <summary>Returns the value of the field as a finite number; null if none of its values is one.</summary>
    public double? Number(int[] field)
    {
        AttributeValue value = Find(field);
        double? number = value.Kind switch
        {
            AttributeKind.Integer => value.Bits,
            AttributeKind.Number => value.Number,
            AttributeKind.Text when Utf8Parser.TryParse(Text(value), out double parsed, out int length) && length == value.Length => parsed,
            _ => null,
        };
        return number is { } given && double.IsFinite(given) ? given : null;
    }
}
