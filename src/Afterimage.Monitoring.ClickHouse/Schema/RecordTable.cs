using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>The table for the lines of <c>metrics*.jsonl</c>: a column for each row of the core's table of fields, and arrays for values
/// that servers cannot look up in JSON.</summary>
internal sealed class RecordTable : LineTable
{
    /// <summary>The event of a line that is not a record.</summary>
    public const string Skipped = "skipped";

    private static readonly RecordField[] Fields =
    [
        .. RecordSchema.Fields.Where(field => field != RecordSchema.Timestamp && field != RecordSchema.Event),
    ];

    public static readonly RecordTable Instance = new();

    /// <inheritdoc/>
    public override string Name => "record_lines";

    /// <inheritdoc/>
    protected override IReadOnlyList<FleetColumn> OwnColumns { get; } =
    [
        new(
            RecordSchema.Event.Key,
            $"Enum8('{Skipped}' = 0, {string.Join(", ", RecordLine.EventNames.Select((pair, i) => $"'{pair.Name}' = {i + 1}"))})"),
        .. Fields.Select(field => new FleetColumn(field.Key, TypeOf(field))),
        new("tag_keys", "Array(String)"),
        new("tag_values", "Array(String)"),
        new("score_names", "Array(String)"),
        new("score_values", "Array(Float64)"),
    ];

    /// <inheritdoc/>
    public override LineEncoder CreateEncoder() => new Encoder();

    // An empty text counts as not given, as in the log.
    private static string TypeOf(RecordField field) => field.Type switch
    {
        FieldType.Seconds or FieldType.Dollars or FieldType.Number => "Nullable(Float64)",
        FieldType.Count => "Nullable(Int64)",
        FieldType.Flag => "Nullable(UInt8)",
        _ => "String",
    };

    private sealed class Encoder : LineEncoder
    {
        private readonly RecordLine _record = new();
        private readonly RowWriter _names = new();
        private readonly RowWriter _values = new();
        private byte[] _text = new byte[256];

        public override long Timestamp => _record.Timestamp;

        public override bool TryParse(ReadOnlyMemory<byte> line) => _record.TryParse(line);

        public override void Write(RowWriter row)
        {
            row.Byte((byte)(1 + RecordLine.NumberOf(_record.Event)));
            foreach (RecordField field in Fields)
                Write(row, field);
            WriteTags(row);
            WriteScores(row);
        }

        public override void WriteSkipped(RowWriter row)
        {
            row.Byte(0);
            foreach (RecordField field in Fields)
            {
                if (TypeOf(field) == "String")
                    row.Text([]);
                else
                    row.Null();
            }

            for (int array = 0; array < 4; array++)
                row.Count(0);
        }

        private void Write(RowWriter row, RecordField field)
        {
            bool isGiven = _record.Has(field);
            switch (field.Type)
            {
                case FieldType.Seconds or FieldType.Dollars or FieldType.Number when isGiven:
                    row.NotNull();
                    row.Double(_record.Number(field));
                    break;
                case FieldType.Count when isGiven:
                    row.NotNull();
                    row.Int64(_record.Count(field));
                    break;
                case FieldType.Flag when isGiven:
                    row.NotNull();
                    row.Byte(_record.Flag(field) ? (byte)1 : (byte)0);
                    break;
                case FieldType.Seconds or FieldType.Dollars or FieldType.Number or FieldType.Count or FieldType.Flag:
                    row.Null();
                    break;
                default:
                    row.Text(isGiven ? _record.Text(field) : []);
                    break;
            }
        }

        private void WriteTags(RowWriter row)
        {
            RecordField field = _record.Event == RecordEvents.Metric ? RecordSchema.Metadata : RecordSchema.Tags;
            int count = 0;
            Begin();
            if (_record.Has(field))
            {
                var reader = new Utf8JsonReader(_record.Text(field));
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    int name = _names.Length;
                    _names.Text(TextOf(reader));
                    reader.Read();
                    if (reader.TokenType == JsonTokenType.Null)
                    {
                        // There is no value, and so nothing to look up.
                        _names.CutTo(name);
                        continue;
                    }

                    int start = (int)reader.TokenStartIndex;
                    if (reader.TokenType == JsonTokenType.String)
                    {
                        _values.Text(TextOf(reader));
                    }
                    else
                    {
                        reader.Skip();
                        _values.Text(_record.Text(field)[start..(int)reader.BytesConsumed]);
                    }

                    count++;
                }
            }

            End(row, count);
        }

        private void WriteScores(RowWriter row)
        {
            int count = 0;
            Begin();
            if (_record.Has(RecordSchema.Scores))
            {
                var reader = new Utf8JsonReader(_record.Text(RecordSchema.Scores));
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    _names.Text(TextOf(reader));
                    reader.Read();
                    _values.Double(RecordLine.NumberOf(reader));
                    count++;
                }
            }

            End(row, count);
        }

        private void Begin()
        {
            _names.Clear();
            _values.Clear();
        }

        private void End(RowWriter row, int count)
        {
            row.Count((ulong)count);
            row.Append(_names.Written);
            row.Count((ulong)count);
            row.Append(_values.Written);
        }

        private ReadOnlySpan<byte> TextOf(in Utf8JsonReader reader)
        {
            if (_text.Length < reader.ValueSpan.Length)
                _text = new byte[reader.ValueSpan.Length * 2];
            return _text.AsSpan(0, reader.CopyString(_text));
        }
    }
}
