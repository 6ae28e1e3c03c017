using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>The tables of the lines of <c>alerts*.jsonl</c> and <c>afterimage*.log</c>.</summary>
internal sealed class EventTable : LineTable
{
    /// <summary>The name of the column that says whether a line is valid.</summary>
    public const string IsValid = "is_valid";

    public static readonly EventTable Alerts = new(
        "alert_lines",
        [RecordKeys.Name, RecordKeys.Level, RecordKeys.Message],
        [RecordKeys.Name, RecordKeys.Message],
        levels: ["info", "warning", "error"]);

    public static readonly EventTable Logs = new(
        "log_lines",
        [RecordKeys.Level, RecordKeys.Message, RecordKeys.Error, RecordKeys.ErrorType, RecordKeys.StackTrace],
        [RecordKeys.Message],
        levels: null);

    private readonly string[] _texts;
    private readonly string[] _required;
    private readonly string[]? _levels;

    private EventTable(string name, string[] texts, string[] required, string[]? levels)
    {
        Name = name;
        _texts = texts;
        _required = required;
        _levels = levels;
        OwnColumns =
        [
            new FleetColumn(IsValid, "UInt8"),
            .. texts.Select(text => new FleetColumn(text, "String")),
            new FleetColumn(RecordKeys.Data, "String"),
        ];
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    protected override IReadOnlyList<FleetColumn> OwnColumns { get; }

    /// <inheritdoc/>
    public override LineEncoder CreateEncoder() => new Encoder(this);

    private sealed class Encoder(EventTable table) : LineEncoder
    {
        private readonly byte[]?[] _values = new byte[]?[table._texts.Length];
        private byte[] _data = [];
        private long _timestamp;

        public override long Timestamp => _timestamp;

        public override bool TryParse(ReadOnlyMemory<byte> line)
        {
            Array.Clear(_values);
            _data = [];
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                return document.RootElement.ValueKind == JsonValueKind.Object && TryTake(document.RootElement);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Text that is not valid Unicode cannot be read.
                return false;
            }
        }

        public override void Write(RowWriter row)
        {
            row.Byte(1);
            foreach (byte[]? value in _values)
                row.Text(value);
            row.Text(_data);
        }

        public override void WriteSkipped(RowWriter row)
        {
            row.Byte(0);
            for (int text = 0; text <= _values.Length; text++)
                row.Text([]);
        }

        private bool TryTake(JsonElement line)
        {
            if (!line.TryGetProperty(RecordKeys.Timestamp, out JsonElement time) || time.ValueKind != JsonValueKind.String
                || !RecordTime.TryParse(Encoding.UTF8.GetBytes(time.GetString()!), out _timestamp))
                return false;

            for (int i = 0; i < _values.Length; i++)
            {
                string key = table._texts[i];
                bool isGiven = line.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null;
                if (isGiven && value.ValueKind != JsonValueKind.String)
                    return false;

                string text = isGiven ? value.GetString()! : "";
                if (text.Length == 0 && table._required.Contains(key))
                    return false;
                if (key == RecordKeys.Level && table._levels?.Contains(text) == false)
                    return false;
                _values[i] = Encoding.UTF8.GetBytes(text);
            }

            if (!line.TryGetProperty(RecordKeys.Data, out JsonElement data) || data.ValueKind == JsonValueKind.Null)
                return true;
            _data = Encoding.UTF8.GetBytes(data.GetRawText());
            return data.ValueKind == JsonValueKind.Object || table._levels is null;
        }
    }
}
