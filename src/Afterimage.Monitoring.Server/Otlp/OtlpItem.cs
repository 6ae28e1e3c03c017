using System.Buffers.Text;
using System.Text.Json;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>What is needed of a resource, a span or a log record, whichever encoding it came in. Made once and used for any number of
/// them.</summary>
internal sealed class OtlpItem
{
    public const int ErrorStatus = 2;

    private readonly AttributeValue[] _values = new AttributeValue[AttributeFields.Count];
    private readonly List<int> _given = [];
    private byte[] _unescaped = [];
    private int _unescapedLength;

    /// <summary>The request's body, which texts lie in.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    public SpanKey Key { get; set; }

    /// <summary>The parent's span id, 0 where there is none.</summary>
    public ulong Parent { get; set; }

    /// <summary>Unix time in nanoseconds.</summary>
    public ulong Start { get; set; }

    /// <summary>Unix time in nanoseconds; of a log record its time.</summary>
    public ulong End { get; set; }

    public int Status { get; set; }

    public AttributeValue Name { get; set; }

    public AttributeValue StatusMessage { get; set; }

    /// <summary>One more than the highest index of an indexed input message: <c>llm.input_messages.N.…</c>,
    /// <c>gen_ai.prompt.N.…</c>.</summary>
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

    /// <summary>Takes an attribute that no field comes from, but which may be an indexed message.</summary>
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
        // An attribute that is there twice breaks the protocol; the first counts.
        if (value.Kind == AttributeKind.None || _values[slot].Kind != AttributeKind.None)
            return;
        _values[slot] = value;
        _given.Add(slot);
    }

    /// <summary>Keeps a text that does not stand in the body as it is.</summary>
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

    /// <summary>The first attribute that is present of those that the field comes from.</summary>
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

    /// <summary>The text of a value; of a list that of its first item. Empty where it has none.</summary>
    public ReadOnlySpan<byte> Text(AttributeValue value) =>
        value.IsUnescaped ? _unescaped.AsSpan(value.Start, value.Length) : Body.Span.Slice(value.Start, value.Length);

    public ReadOnlySpan<byte> Text(int[] field) => Text(Find(field));

    /// <summary>A count that the field has, null where it has none that is one.</summary>
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
        return count is >= 0 and <= GenerationDetails.MaxTokenCount ? count : null;
    }

    /// <summary>A finite number that the field has, null where it has none that is one.</summary>
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
