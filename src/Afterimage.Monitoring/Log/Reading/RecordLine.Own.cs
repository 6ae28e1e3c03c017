using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <content>
/// The fast path for lines that look like the library's own, whose keys are in the order of the table. Comparing them with what is expected
/// takes a fraction of the time of parsing. All other lines, and those that may be invalid, are left to the parser, which decides.
/// </content>
internal sealed partial class RecordLine
{
    // Doubles can tell decimals of up to this many digits apart, and each decimal is the shortest one for its double.
    private const int ExactDigits = 15;

    // Outside these limits, the shortest text of a double has an exponent.
    private const double LowestPlain = 1e-4;
    private const double HighestPlain = 1e15;

    private static readonly byte[][] Members = [.. Fields.Select(field => Encoding.UTF8.GetBytes($",\"{field.Key}\":"))];

    private static readonly SearchValues<byte> TextEnds =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Select(c => (byte)c), .. "\"\\"u8]);

    // The characters that the encoder does not escape.
    private static readonly SearchValues<byte> PlainText =
        SearchValues.Create([.. Enumerable.Range(' ', 0x7F - ' ').Select(c => (byte)c).Except("\"&'+<>\\`"u8.ToArray())]);

    // The characters that compacted files restore exactly as the encoder writes them.
    private static readonly SearchValues<byte> KnownText =
        SearchValues.Create([.. Enumerable.Range(' ', 0x7F - ' ').Select(c => (byte)c), .. "\n\r\t"u8]);

    private byte[] _encoded = [];

    private static ReadOnlySpan<byte> OwnStart => "{\"timestamp\":\""u8;

    private bool TryParseOwn(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith(OwnStart))
            return false;

        int position = OwnStart.Length;
        int length = line[position..].IndexOf((byte)'"');
        if (length < 1 || !RecordTime.TryParse(line.Slice(position, length), out _numbers[RecordSchema.Timestamp.Ordinal]))
            return false;

        ReadOnlySpan<byte> time = line.Slice(position, length);
        bool isCanonical = time[^1] == 'Z' && (!time.Contains((byte)'.') || time[^2] != '0');
        _given = Bit(RecordSchema.Timestamp.Ordinal);
        position += length + 1;

        RecordEvents @event = RecordEvents.None;
        (int Start, int Length, bool IsEscaped) metadataModel = default;
        for (int ordinal = 0; position < line.Length - 1; ordinal++)
        {
            ReadOnlySpan<byte> rest = line[position..];
            while (ordinal < Members.Length && !rest.StartsWith(Members[ordinal]))
                ordinal++;
            if (ordinal == Members.Length)
                return false;

            position += Members[ordinal].Length;
            if (position >= line.Length || !TryTakeOwn(line, ref position, ordinal, ref metadataModel, ref isCanonical))
                return false;
            _given |= Bit(ordinal);
            if (ordinal == RecordSchema.Event.Ordinal && (@event = EventOf(Text(RecordSchema.Event))) == RecordEvents.None)
                return false;
        }

        ulong taken = _given;
        if (position != line.Length - 1 || line[position] != '}' || !Complete(@event, metadataModel))
            return false;

        IsCanonical = isCanonical && (taken & ~_given) == 0;
        return true;
    }

    private bool TryTakeOwn(
        ReadOnlySpan<byte> line,
        ref int position,
        int ordinal,
        ref (int Start, int Length, bool IsEscaped) metadataModel,
        ref bool isCanonical)
    {
        switch (Fields[ordinal].Type)
        {
            case FieldType.Count:
                return TryTakeCount(line, ref position, out _numbers[ordinal]) && Fields[ordinal].Holds(_numbers[ordinal]);
            case FieldType.Flag:
                bool isTrue = line[position..].StartsWith("true"u8);
                _numbers[ordinal] = isTrue ? 1 : 0;
                if (!isTrue && !line[position..].StartsWith("false"u8))
                    return false;
                position += isTrue ? 4 : 5;
                return true;
            case FieldType.Seconds:
                return TryTakeNumber(line, ref position, out double seconds, ref isCanonical) && seconds >= 0 && Set(ordinal, seconds);
            case FieldType.Dollars:
                return TryTakeNumber(line, ref position, out double dollars, ref isCanonical)
                    && dollars is >= 0 and < RecordSchema.HighestCost && Set(ordinal, dollars);
            case FieldType.Number:
                return (TryTakeNonFinite(line, ref position, out double number)
                    || TryTakeNumber(line, ref position, out number, ref isCanonical)) && Set(ordinal, number);
            case FieldType.Name or FieldType.Text:
                return TryTakeOwnText(line, ref position, ordinal, ref isCanonical);
            case FieldType.Object or FieldType.Numbers:
                return TryTakeOwnObject(line, ref position, ordinal, ref metadataModel, ref isCanonical);
            default:
                return false;
        }
    }

    private static bool TryTakeCount(ReadOnlySpan<byte> line, ref int position, out long count)
    {
        const int AlwaysFits = 18;
        int start = position;
        count = 0;
        for (; position < line.Length && char.IsAsciiDigit((char)line[position]); position++)
        {
            if (position - start == AlwaysFits)
                return false;
            count = (count * 10) + (line[position] - '0');
        }

        return position - start == 1 || (position > start && line[start] != '0');
    }

    private static bool TryTakeNonFinite(ReadOnlySpan<byte> line, ref int position, out double number)
    {
        ReadOnlySpan<byte> rest = line[position..];
        (number, int length) = rest.StartsWith("\"NaN\""u8) ? (double.NaN, 5)
            : rest.StartsWith("\"Infinity\""u8) ? (double.PositiveInfinity, 10)
            : rest.StartsWith("\"-Infinity\""u8) ? (double.NegativeInfinity, 11)
            : (0, 0);
        position += length;
        return length > 0;
    }

    private static bool TryTakeNumber(ReadOnlySpan<byte> line, ref int position, out double number, ref bool isCanonical)
    {
        int start = position;
        bool isNegative = line[position] == '-';
        if (isNegative)
            position++;

        int first = position;
        int point = -1;
        long digits = 0;
        int significant = 0;
        number = 0;
        for (; position < line.Length; position++)
        {
            byte c = line[position];
            if (c == '.' && point < 0)
            {
                point = position;
                continue;
            }

            if (!char.IsAsciiDigit((char)c))
                break;
            digits = significant > ExactDigits ? digits : (digits * 10) + (c - '0');
            if (digits != 0)
                significant++;
        }

        // As JSON requires: a digit before the point and one after it, and no leading zeros.
        int whole = (point < 0 ? position : point) - first;
        int fraction = point < 0 ? 0 : position - point - 1;
        if (whole < 1 || (whole > 1 && line[first] == '0') || (point >= 0 && fraction < 1))
            return false;

        bool isExact = significant <= ExactDigits && fraction < PowersOfTen.Length;
        ReadOnlySpan<byte> text = line[start..position];
        if (isExact)
        {
            number = digits / PowersOfTen[fraction];
            number = isNegative ? -number : number;
        }
        else if (!Utf8Parser.TryParse(text, out number, out int read) || read != text.Length || !double.IsFinite(number))
        {
            return false;
        }

        isCanonical &= IsShortest(text, number, isExact, hasPoint: point >= 0);
        return true;
    }

    private static bool IsShortest(ReadOnlySpan<byte> text, double number, bool isExact, bool hasPoint)
    {
        double size = Math.Abs(number);
        if (size >= HighestPlain || (size < LowestPlain && text is not [(byte)'0']))
            return false;
        if (isExact)
            return !hasPoint || text[^1] != '0';

        Span<byte> shortest = stackalloc byte[32];
        return Utf8Formatter.TryFormat(number, shortest, out int length) && text.SequenceEqual(shortest[..length]);
    }

    private bool TryTakeOwnText(ReadOnlySpan<byte> line, ref int position, int ordinal, ref bool isCanonical)
    {
        if (line[position] != '"')
            return false;

        int length = line[(position + 1)..].IndexOfAny(TextEnds);
        if (length < 0)
            return false;

        ReadOnlySpan<byte> text = line.Slice(position + 1, length);
        if (line[position + 1 + length] == '"')
        {
            SetText(ordinal, (position + 1, length, false));
            isCanonical &= !text.ContainsAnyExcept(PlainText);
            position += length + 2;
            return true;
        }

        if (line[position + 1 + length] != '\\')
            return false;

        _offset = position;
        var reader = new Utf8JsonReader(line[position..], isFinalBlock: false, state: default);
        if (!reader.Read() || !TakeText(ref reader, ordinal))
            return false;
        position += (int)reader.BytesConsumed;
        isCanonical &= IsEncoded(Text(Fields[ordinal]), reader.ValueSpan);
        return true;
    }

    private bool IsEncoded(ReadOnlySpan<byte> text, ReadOnlySpan<byte> written)
    {
        if (text.ContainsAnyExcept(KnownText))
            return false;

        if (_encoded.Length < written.Length)
            _encoded = new byte[written.Length * 2];
        return JavaScriptEncoder.Default.EncodeUtf8(text, _encoded, out _, out int length) == OperationStatus.Done
            && _encoded.AsSpan(0, length).SequenceEqual(written);
    }

    private bool TryTakeOwnObject(
        ReadOnlySpan<byte> line,
        ref int position,
        int ordinal,
        ref (int Start, int Length, bool IsEscaped) metadataModel,
        ref bool isCanonical)
    {
        _offset = position;
        var reader = new Utf8JsonReader(line[position..], isFinalBlock: false, state: default);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject || !TakeObject(ref reader, ordinal, ref metadataModel))
            return false;

        // A text with escapes is kept in another form.
        position += (int)reader.BytesConsumed;
        isCanonical &= !Text(Fields[ordinal]).Contains((byte)'\\');
        return true;
    }
}
