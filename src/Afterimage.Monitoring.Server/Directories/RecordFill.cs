using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Creates records from lines, using the names of one run.</summary>
internal sealed class RecordFill(Names names)
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    public Record Of(RecordLine line)
    {
        if (line.Event == RecordEvents.Metric)
        {
            return new Record
            {
                Kind = RecordKind.Metric,
                Timestamp = line.Timestamp,
                Fields = RecordFields.GivenTimestamp,
                NameId = names.Metrics.GetOrAdd(Text(line, RecordSchema.MetricName)!),
                Value = line.Number(RecordSchema.Value),
                ModelId = Id(names.Models, line, RecordSchema.ModelName),
            };
        }

        Record record = LineRecords.OfCall(line);
        record.ModelId = Id(names.Models, line, RecordSchema.ModelName);
        record.FinishReasonId = Id(names.FinishReasons, line, RecordSchema.FinishReason);
        RecordScore[]? scores = line.Has(RecordSchema.Scores) ? Scores(line.Text(RecordSchema.Scores)) : null;
        KeyValuePair<string, object?>[]? tags = line.Has(RecordSchema.Tags) ? LineTags.Of(line.Text(RecordSchema.Tags)) : null;
        if (record.Kind == RecordKind.Evaluation || tags is not null)
            record.Details = new RecordDetails { Scores = scores ?? [], Tags = tags };
        return record;
    }

    /// <summary>Returns the text of a field; null if the line has none. Equal texts share one string.</summary>
    public string? Text(RecordLine line, RecordField field)
    {
        if (!line.Has(field))
            return null;

        string text = Encoding.UTF8.GetString(line.Text(field));
        if (text.Length > 100)
            return text;
        if (_texts.TryGetValue(text, out string? known))
            return known;

        // This is only a cache: names that never recur must not fill the memory.
        if (_texts.Count == 4096)
            _texts.Clear();
        return _texts[text] = text;
    }

    private int Id(NameTable table, RecordLine line, RecordField field) =>
        Text(line, field) is { } name ? table.GetOrAdd(name) : NameTable.None;

    private RecordScore[] Scores(ReadOnlySpan<byte> json)
    {
        List<RecordScore> scores = [];
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            double score = RecordLine.NumberOf(reader);
            scores.Add(new RecordScore(names.ScoreMetrics[names.Scores.GetOrAdd(name)], name, score, Feedback: null));
        }

        return [.. scores];
    }
}
