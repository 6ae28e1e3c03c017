using System.Buffers.Text;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>A line of records, validated and parsed by the rules of docs/log-format.md. An instance can be used for any number of
/// lines.</summary>
/// <remarks>
/// Returned values are valid until the next <see cref="TryParse"/>, and as long as the line is. Not thread-safe.
/// </remarks>
internal sealed partial class RecordLine : IRecord
{
    /// <summary>The names of the events in a line.</summary>
    public static readonly (RecordEvents Event, string Name)[] EventNames =
    [
        (RecordEvents.Generation, RecordKeys.EventOf(MetricRecordKind.Generation)),
        (RecordEvents.Evaluation, RecordKeys.EventOf(MetricRecordKind.Evaluation)),
        (RecordEvents.Metric, RecordKeys.EventOf(MetricRecordKind.Metric)),
    ];

    private static readonly RecordEvents[] Events = [.. EventNames.Select(e => e.Event)];
    private static readonly RecordField[] Fields = [.. RecordSchema.Fields];
    private static readonly byte[][] Keys = [.. Fields.Select(field => Encoding.UTF8.GetBytes(field.Key))];
    private static readonly ulong GenerationFields = FieldsOf(field => field.IsOf(RecordEvents.Generation));
    private static readonly ulong EvaluationFields = FieldsOf(field => field.IsOf(RecordEvents.Evaluation));
    private static readonly ulong MetricFields = FieldsOf(field => field.IsOf(RecordEvents.Metric));
    private static readonly ulong TextFields = FieldsOf(field => field.Type is FieldType.Name or FieldType.Text);
    private static readonly ulong RequiredOfCalls = FieldsOf(field => (field.Required & RecordEvents.Calls) != 0);
    private static readonly ulong RequiredOfMetrics = FieldsOf(field => (field.Required & RecordEvents.Metric) != 0);

    private static readonly (RecordEvents Event, string Name, byte[] Utf8)[] Names =
    [
        .. EventNames.Select(e => (e.Event, e.Name, Encoding.UTF8.GetBytes(e.Name))),
    ];

    // These are exact as doubles.
    private static readonly double[] PowersOfTen = [.. Enumerable.Range(0, 16).Select(power => Math.Pow(10, power))];

    private readonly long[] _numbers = new long[Fields.Length];
    private readonly (int Start, int Length)[] _texts = new (int, int)[Fields.Length];

    // Which of the texts are in _unescaped.
    private ulong _escaped;
    private byte[] _unescaped = [];
    private int _unescapedLength;
    private ulong _given;
    private ReadOnlyMemory<byte> _line;

    // The position in the line at which the JSON reader's input begins.
    private int _offset;

    /// <inheritdoc/>
    public RecordEvents Event { get; private set; }

    /// <summary>Whether the library, given the record, would write this line, byte for byte. May be false even if it would.</summary>
    public bool IsCanonical { get; private set; }

    /// <summary>The fields that the record has, one bit each, by their ordinals.</summary>
    public ulong GivenFields => _given;

    /// <inheritdoc/>
    public long Timestamp => _numbers[RecordSchema.Timestamp.Ordinal];

    /// <inheritdoc/>
    public bool Has(RecordField field) => (_given & Bit(field.Ordinal)) != 0;

    /// <inheritdoc/>
    public long Count(RecordField field) => _numbers[field.Ordinal];

    /// <inheritdoc/>
    public double Number(RecordField field) => BitConverter.Int64BitsToDouble(_numbers[field.Ordinal]);

    /// <inheritdoc/>
    public bool Flag(RecordField field) => _numbers[field.Ordinal] != 0;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Text(RecordField field)
    {
        (int start, int length) = _texts[field.Ordinal];
        return (_escaped & Bit(field.Ordinal)) != 0 ? _unescaped.AsSpan(start, length) : _line.Span.Slice(start, length);
    }

    /// <summary>Parses a line.</summary>
    /// <param name="line">The line, without its line end.</param>
    /// <returns><see langword="true"/> if the line is a valid record; otherwise, <see langword="false"/>.</returns>
    public bool TryParse(ReadOnlyMemory<byte> line)
    {
        _line = line;
        Reset();
        ReadOnlySpan<byte> bytes = line.Span;
        if (!Ascii.IsValid(bytes) && !Utf8.IsValid(bytes))
            return false;

        try
        {
            if (TryParseOwn(bytes))
                return true;

            Reset();
            return Parse(new Utf8JsonReader(bytes));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Torn or foreign. The reader throws InvalidOperationException for text that is not valid Unicode.
            return false;
        }
    }

    private void Reset()
    {
        IsCanonical = false;
        _given = 0;
        _escaped = 0;
        _unescapedLength = 0;
        _offset = 0;
    }

    private bool Parse(Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;

        RecordEvents @event = RecordEvents.None;
        (int Start, int Length, bool IsEscaped) metadataModel = default;
        int expected = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int ordinal = Find(reader, ref expected);
            reader.Read();
            if (ordinal < 0)
            {
                reader.Skip();
                continue;
            }

            // If a key occurs twice, its meaning is unknown.
            if ((_given & Bit(ordinal)) != 0)
                return false;

            _given |= Bit(ordinal);
            if (!TryTake(ref reader, ordinal, ref metadataModel))
                return false;
            if (ordinal == RecordSchema.Event.Ordinal && (@event = EventOf(Text(RecordSchema.Event))) == RecordEvents.None)
                return false;
        }

        // Read to the very end, because a torn line has none.
        return reader.TokenType == JsonTokenType.EndObject && !reader.Read() && Complete(@event, metadataModel);
    }

    /// <summary>Keeps those of the parsed fields that the event has.</summary>
    /// <returns><see langword="true"/> if they include all required fields of the event; otherwise, <see langword="false"/>.</returns>
    private bool Complete(RecordEvents @event, (int Start, int Length, bool IsEscaped) metadataModel)
    {
        Event = @event;
        _given = WithoutEmptyTexts(_given) & @event switch
        {
            RecordEvents.Generation => GenerationFields,
            RecordEvents.Evaluation => EvaluationFields,
            _ => MetricFields,
        };
        ulong required = @event == RecordEvents.Metric ? RequiredOfMetrics : RequiredOfCalls;
        if (@event == RecordEvents.None || (_given & required) != required)
            return false;

        if (@event == RecordEvents.Metric && metadataModel.Length > 0)
            SetText(RecordSchema.ModelName.Ordinal, metadataModel);
        return true;
    }

    /// <summary>Returns the event with a name; none if the name is unknown.</summary>
    public static RecordEvents EventOf(ReadOnlySpan<byte> text)
    {
        foreach ((RecordEvents @event, _, byte[] utf8) in Names)
        {
            if (text.SequenceEqual(utf8))
                return @event;
        }

        return RecordEvents.None;
    }

    /// <summary>Returns the place of an event in <see cref="EventNames"/>.</summary>
    public static byte NumberOf(RecordEvents @event) => (byte)Array.IndexOf(Events, @event);

    /// <summary>Finds the field of a key. In the library's own lines it is the next one or soon after.</summary>
    private static int Find(in Utf8JsonReader reader, ref int expected)
    {
        if (reader.ValueIsEscaped)
            return FindEscaped(reader);

        ReadOnlySpan<byte> key = reader.ValueSpan;
        for (int i = 0; i < Keys.Length; i++)
        {
            int ordinal = expected + i;
            if (ordinal >= Keys.Length)
                ordinal -= Keys.Length;
            if (!key.SequenceEqual(Keys[ordinal]))
                continue;

            expected = ordinal + 1 == Keys.Length ? 0 : ordinal + 1;
            return ordinal;
        }

        return -1;
    }

    private static int FindEscaped(in Utf8JsonReader reader)
    {
        for (int i = 0; i < Keys.Length; i++)
        {
            if (reader.ValueTextEquals(Keys[i]))
                return i;
        }

        return -1;
    }

    private bool TryTake(ref Utf8JsonReader reader, int ordinal, ref (int Start, int Length, bool IsEscaped) metadataModel)
    {
        switch (Fields[ordinal].Type)
        {
            case FieldType.Time:
                return reader.TokenType == JsonTokenType.String && TakeText(ref reader, ordinal)
                    && RecordTime.TryParse(Text(Fields[ordinal]), out _numbers[ordinal]);
            case FieldType.Count:
                return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out _numbers[ordinal])
                    && Fields[ordinal].Holds(_numbers[ordinal]) && !reader.ValueSpan.ContainsAny(".eE"u8);
            case FieldType.Flag:
                _numbers[ordinal] = reader.TokenType == JsonTokenType.True ? 1 : 0;
                return reader.TokenType is JsonTokenType.True or JsonTokenType.False;
            case FieldType.Seconds:
                return TryNumber(reader, out double seconds) && seconds >= 0 && double.IsFinite(seconds) && Set(ordinal, seconds);
            case FieldType.Dollars:
                return TryNumber(reader, out double dollars) && dollars is >= 0 and < RecordSchema.HighestCost && Set(ordinal, dollars);
            case FieldType.Number:
                return TryNumber(reader, out double number) && Set(ordinal, number);
            case FieldType.Name or FieldType.Text:
                return reader.TokenType == JsonTokenType.String && TakeText(ref reader, ordinal);
            case FieldType.Object or FieldType.Numbers:
            default:
                return reader.TokenType == JsonTokenType.StartObject && TakeObject(ref reader, ordinal, ref metadataModel);
        }
    }

    private bool TakeObject(ref Utf8JsonReader reader, int ordinal, ref (int Start, int Length, bool IsEscaped) metadataModel)
    {
        int start = _offset + (int)reader.TokenStartIndex;
        bool isNumbers = Fields[ordinal].Type == FieldType.Numbers;
        bool isMetadata = ordinal == RecordSchema.Metadata.Ordinal;
        bool isModel = false;
        for (int depth = 1; depth > 0;)
        {
            if (!reader.Read())
                return false;

            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    depth++;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    depth--;
                    continue;
                case JsonTokenType.PropertyName:
                    isModel = isMetadata && depth == 1 && reader.ValueTextEquals(RecordKeys.ModelName);
                    CheckText(reader);
                    continue;
                case JsonTokenType.String:
                    (int Start, int Length, bool) text = TextOf(ref reader);
                    if (isModel)
                        metadataModel = text;
                    break;
                default:
                    break;
            }

            if (isNumbers && !TryNumber(reader, out _))
                return false;
            isModel = false;
        }

        _texts[ordinal] = (start, _offset + (int)reader.BytesConsumed - start);
        return true;
    }

    // Throws if the text is not valid Unicode, as a reader of the object would.
    private void CheckText(in Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return;

        GrowUnescaped(reader.ValueSpan.Length);
        reader.CopyString(_unescaped.AsSpan(_unescapedLength));
    }

    private bool TakeText(ref Utf8JsonReader reader, int ordinal)
    {
        SetText(ordinal, TextOf(ref reader));
        return true;
    }

    private (int Start, int Length, bool IsEscaped) TextOf(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return (_offset + (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length, false);

        GrowUnescaped(reader.ValueSpan.Length);
        int start = _unescapedLength;
        int length = reader.CopyString(_unescaped.AsSpan(start));
        _unescapedLength += length;
        return (start, length, true);
    }

    private void SetText(int ordinal, (int Start, int Length, bool IsEscaped) text)
    {
        _texts[ordinal] = (text.Start, text.Length);
        _given |= Bit(ordinal);
        _escaped = text.IsEscaped ? _escaped | Bit(ordinal) : _escaped & ~Bit(ordinal);
    }

    private void GrowUnescaped(int length)
    {
        if (_unescaped.Length - _unescapedLength < length)
            Array.Resize(ref _unescaped, Math.Max(_unescapedLength + length, _unescaped.Length * 2));
    }

    private bool Set(int ordinal, double number)
    {
        _numbers[ordinal] = BitConverter.DoubleToInt64Bits(number);
        return true;
    }

    private ulong WithoutEmptyTexts(ulong given)
    {
        for (ulong texts = given & TextFields; texts != 0; texts &= texts - 1)
        {
            int ordinal = BitOperations.TrailingZeroCount(texts);
            if (_texts[ordinal].Length == 0)
                given &= ~Bit(ordinal);
        }

        return given;
    }

    /// <summary>Returns the number that a reader is at, including those that JSON cannot express; NaN for anything else.</summary>
    public static double NumberOf(in Utf8JsonReader reader) => TryNumber(reader, out double number) ? number : double.NaN;

    private static bool TryNumber(in Utf8JsonReader reader, out double number)
    {
        if (reader.TokenType == JsonTokenType.Number)
            return TryNumber(reader.ValueSpan, out number);

        bool isNumber = reader.TokenType == JsonTokenType.String;
        (isNumber, number) = !isNumber ? (false, 0)
            : reader.ValueTextEquals("NaN"u8) ? (true, double.NaN)
            : reader.ValueTextEquals("Infinity"u8) ? (true, double.PositiveInfinity)
            : reader.ValueTextEquals("-Infinity"u8) ? (true, double.NegativeInfinity)
            : (false, 0);
        return isNumber;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out double number)
    {
        // Digits with a point among them, as the library writes seconds. The quotient is exact if both numbers are.
        long digits = 0;
        int point = -1;
        if (text.Length <= 16)
        {
            for (int i = 0; ; i++)
            {
                if (i == text.Length)
                {
                    number = point < 0 ? digits : digits / PowersOfTen[text.Length - point - 1];
                    return true;
                }

                if (text[i] == '.')
                    point = i;
                else if (char.IsAsciiDigit((char)text[i]))
                    digits = (digits * 10) + (text[i] - '0');
                else
                    break;
            }
        }

        return Utf8Parser.TryParse(text, out number, out int read) && read == text.Length && double.IsFinite(number);
    }

    private static ulong Bit(int ordinal) => 1UL << ordinal;

    private static ulong FieldsOf(Func<RecordField, bool> condition) =>
        Fields.Where(condition).Aggregate(0UL, (fields, field) => fields | Bit(field.Ordinal));
}
