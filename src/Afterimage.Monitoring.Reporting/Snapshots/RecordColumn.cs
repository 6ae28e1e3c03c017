using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>A column of the table <c>record</c>.</summary>
/// <param name="Field">The field that it comes from: the time, of <c>ticks</c>.</param>
/// <param name="Name">Its name; that of its key, if it has one.</param>
/// <param name="Type">Its DuckDB type.</param>
/// <param name="IsMark">Whether it has only a mark in the place of a text: that there is one is all that is asked for.</param>
internal sealed record RecordColumn(RecordField Field, string Name, string Type, bool IsMark = false)
{
    /// <summary>In units of 100 ns since 1970.</summary>
    public const string Ticks = "ticks";

    /// <summary>All columns, in the table's order. An event of NULL marks a line that is no valid record. Tags of a metric point are its
    /// metadata.</summary>
    public static RecordColumn[] All { get; } =
    [
        Of(RecordSchema.Event),
        new(RecordSchema.Timestamp, Ticks, "BIGINT"),
        .. RecordSchema
            .Fields.Where(field => field != RecordSchema.Event && field != RecordSchema.Timestamp && field != RecordSchema.Metadata)
            .Select(Of),
    ];

    /// <summary>Those that a summary and figures come from. Of an error they take only that there is one.</summary>
    public static RecordColumn[] OfSummary { get; } =
    [
        .. All.Where(column => column.Field.IsOfFigures)
            .Select(column => column.Field.Type == FieldType.Text ? column with { IsMark = true } : column),
    ];

    /// <summary>Those that a report comes from.</summary>
    public static RecordColumn[] OfReport { get; } =
    [
        .. All.Where(column => column.Field.IsOfFigures
            || column.Field == RecordSchema.EvaluatorType
            || column.Field == RecordSchema.Id
            || column.Field == RecordSchema.GenerationId
            || column.Field == RecordSchema.Feedback),
    ];

    /// <summary>What a report shows, with groups of calls by any key.</summary>
    public static RecordColumn[] OfReportByKey { get; } =
        [.. All.Where(column => OfReport.Contains(column) || column.Field == RecordSchema.Provider || column.Field == RecordSchema.Tags)];

    /// <summary>The fields that it keeps, a bit each by their ordinals.</summary>
    public ulong Fields => Bit(Field) | (Field == RecordSchema.Tags ? Bit(RecordSchema.Metadata) : 0);

    /// <summary>Whether every snapshot has it: records are told apart, and cut to a span of time, by these.</summary>
    public bool IsAlwaysRead => Field == RecordSchema.Event || Field == RecordSchema.Timestamp;

    /// <summary>What stands in its place where it was not read, as SQL. Rather an error than a wrong answer.</summary>
    public string Missing => $"error('The column {Name} was not read.')::{Type} AS {Name}";

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
