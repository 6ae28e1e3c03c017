using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>A column of the table <c>read_record</c>.</summary>
/// <param name="Field">The field that the column comes from. For <c>ticks</c>, it is the time.</param>
/// <param name="Name">The name of the column; the key of the field, if it has one.</param>
/// <param name="Type">The DuckDB type of the column.</param>
/// <param name="IsMark">Whether the column only holds a mark in place of a text, because only the presence of the text matters.</param>
internal sealed record RecordColumn(RecordField Field, string Name, string Type, bool IsMark = false)
{
    /// <summary>The time, in units of 100 ns since 1970.</summary>
    public const string Ticks = "ticks";

    /// <summary>The type of the event. A value takes one byte, a text would take sixteen.</summary>
    public static readonly string EventType =
        $"ENUM ({string.Join(", ", RecordLine.EventNames.Select(pair => $"'{pair.Name}'"))})";

    /// <summary>All columns, in the order of the table. If the event is NULL, the line is not a valid record. The tags of a metric point
    /// are its metadata.</summary>
    public static RecordColumn[] All { get; } =
    [
        new(RecordSchema.Event, RecordSchema.Event.Key, EventType),
        new(RecordSchema.Timestamp, Ticks, "BIGINT"),
        .. RecordSchema
            .Fields.Where(field => field != RecordSchema.Event && field != RecordSchema.Timestamp && field != RecordSchema.Metadata)
            .Select(Of),
    ];

    /// <summary>The columns for a summary and figures. Of an error, they only need its presence.</summary>
    public static RecordColumn[] OfSummary { get; } =
    [
        .. All.Where(column => column.Field.IsOfFigures)
            .Select(column => column.Field.Type == FieldType.Text ? column with { IsMark = true } : column),
    ];

    /// <summary>The columns for a report.</summary>
    public static RecordColumn[] OfReport { get; } =
    [
        .. All.Where(column => column.Field.IsOfFigures
            || column.Field == RecordSchema.EvaluatorType
            || column.Field == RecordSchema.Id
            || column.Field == RecordSchema.GenerationId
            || column.Field == RecordSchema.Feedback),
    ];

    /// <summary>The columns for a report with groups of calls by any key.</summary>
    public static RecordColumn[] OfReportByKey { get; } =
        [.. All.Where(column => OfReport.Contains(column) || column.Field == RecordSchema.Provider || column.Field == RecordSchema.Tags)];

    /// <summary>The fields that the column stores, one bit each, by their ordinals.</summary>
    public ulong Fields => Bit(Field) | (Field == RecordSchema.Tags ? Bit(RecordSchema.Metadata) : 0);

    /// <summary>Whether every snapshot has the column, because it distinguishes records and restricts them to a time span.</summary>
    public bool IsAlwaysRead => Field == RecordSchema.Event || Field == RecordSchema.Timestamp;

    /// <summary>An SQL expression to use in place of the column if it was not read. It fails, because an error is better than a wrong
    /// result.</summary>
    public string Missing => $"error('The column {Name} was not read.')::{Type} AS {Name}";

    /// <summary>The type of the column in a file.</summary>
    public string FileType => Type == "JSON" || Type == EventType ? "VARCHAR" : Type;

    public override string ToString() => $"{Name} {Type}";

    private static ulong Bit(RecordField field) => 1UL << field.Ordinal;

    private static RecordColumn Of(RecordField field) => new(field, field.Key, field.Type switch
    {
        FieldType.Seconds or FieldType.Dollars or FieldType.Number => "DOUBLE",
        FieldType.Count or FieldType.Time => "BIGINT",
        FieldType.Flag => "BOOLEAN",
        FieldType.Object or FieldType.Numbers => "JSON",
        _ => "VARCHAR",
    });
}
