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

    // Of what DuckDB still reads as JSON. Each value is judged by its first character: read_json's own typing would turn "7" into 7, and a
    // wrong type into an absent value. DuckDB gives the text without white space around it; no other value than a string begins with a
    // character below '#'.
    public const string Macros = """
        CREATE TEMP MACRO is_text(j) AS j IS NULL OR j::VARCHAR < '#';
        CREATE TEMP MACRO is_object(j) AS j IS NULL OR j::VARCHAR >= '{';
        CREATE TEMP MACRO text_of(j) AS CASE WHEN j::VARCHAR < '#' AND j::VARCHAR <> '""' THEN json_extract_string(j::VARCHAR, '$') END;
        CREATE TEMP MACRO number_of(j) AS CASE WHEN j::VARCHAR >= '#' THEN TRY_CAST(j::VARCHAR AS DOUBLE)
            WHEN j::VARCHAR IN ('"NaN"', '"Infinity"', '"-Infinity"') THEN trim(j::VARCHAR, '"')::DOUBLE END;
        CREATE TEMP MACRO is_stamp(t) AS t >= '0001' AND regexp_full_match(t, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)');
        CREATE TEMP MACRO is_time(t) AS is_stamp(t) AND TRY_CAST(t AS TIMESTAMP) IS NOT NULL;
        -- In 100 ns; nanosecond timestamps end in 1677 and 2262, beyond which microseconds must do.
        CREATE TEMP MACRO ticks_of(t) AS coalesce(epoch_ns(TRY_CAST(t AS TIMESTAMP_NS)) // 100, epoch_us(TRY_CAST(t AS TIMESTAMP)) * 10);
        """;

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

    /// <summary>Whether every snapshot has it: records are told apart, and cut to a span of time, by these.</summary>
    public bool IsAlwaysRead => Field == RecordSchema.Event || Field == RecordSchema.Timestamp;

    /// <summary>What stands in its place where it was not read, as SQL. Rather an error than a wrong answer.</summary>
    public string Missing => $"error('The column {Name} was not read.')::{Type} AS {Name}";

    public override string ToString() => $"{Name} {Type}";

    private static RecordColumn Of(RecordField field) => new(field, field.Key, field.Type switch
    {
        FieldType.Seconds or FieldType.Dollars or FieldType.Number => "DOUBLE",
        FieldType.Count or FieldType.Time => "BIGINT",
        FieldType.Flag => "BOOLEAN",
        FieldType.Object or FieldType.Numbers => "JSON",
        _ => "VARCHAR",
    });
}
