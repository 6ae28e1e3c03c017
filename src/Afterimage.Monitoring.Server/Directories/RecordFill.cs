using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Creates records from lines, using the names of one run.</summary>
internal sealed class RecordFill(Names names)
{
    private readonly TextCache _texts = new();
    private readonly LineTags _tags = new();

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
        KeyValuePair<string, object?>[]? tags = line.Has(RecordSchema.Tags) ? _tags.Of(line.Text(RecordSchema.Tags)) : null;
        if (record.Kind == RecordKind.Evaluation || tags is not null)
            record.Details = new RecordDetails { Scores = scores ?? [], Tags = tags };
        return record;
    }

    /// <summary>Returns the text of a field; null if the line has none. Equal texts share one string.</summary>
    public string? Text(RecordLine line, RecordField field) => line.Has(field) ? _texts.Get(line.Text(field)) : null;

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
