namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>A table with a row for each line of a kind of files. The columns that make a row unique, and those that an audit compares, are
/// the same for all tables.</summary>
internal abstract class LineTable
{
    /// <summary>All tables of lines.</summary>
    public static IReadOnlyList<LineTable> All { get; } = [RecordTable.Instance, EventTable.Alerts, EventTable.Logs];

    /// <summary>The columns that identify a row, its time, and a hash of its line. The hash is 0 for a line that is skipped, because its
    /// torn end may still change.</summary>
    private static readonly FleetColumn[] Common =
    [
        new("run", "String"),
        new("file", "String"),
        new("line", "UInt32"),
        new("date", "Date"),
        new("ticks", "Int64"),
        new("checksum", "UInt64"),
    ];

    private string? _columnNames;

    /// <summary>The name of the table for the rows of all shards.</summary>
    public abstract string Name { get; }

    /// <summary>The name of the table for the rows of one shard.</summary>
    public string LocalName => Name + "_local";

    public IReadOnlyList<FleetColumn> Columns => [.. Common, .. OwnColumns];

    /// <summary>The names of the columns, in the order of a row.</summary>
    public string ColumnNames => _columnNames ??= string.Join(", ", Columns.Select(column => column.Name));

    protected abstract IReadOnlyList<FleetColumn> OwnColumns { get; }

    /// <summary>Creates an encoder of lines. An encoder is not thread-safe.</summary>
    public abstract LineEncoder CreateEncoder();
}
