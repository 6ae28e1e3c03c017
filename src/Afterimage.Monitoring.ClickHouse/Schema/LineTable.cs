namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>A table that has a row for each line of a kind of files. What makes a row unique, and what the audit compares, is the same for
/// all.</summary>
internal abstract class LineTable
{
    /// <summary>All tables of lines.</summary>
    public static IReadOnlyList<LineTable> All { get; } = [RecordTable.Instance, EventTable.Alerts, EventTable.Logs];

    /// <summary>What identifies a row, when it was, and a hash of its line; 0 for a line that is skipped, whose torn end may yet
    /// change.</summary>
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

    /// <summary>The name of the table that has the rows of all shards.</summary>
    public abstract string Name { get; }

    /// <summary>The name of the table that has the rows of a shard.</summary>
    public string LocalName => Name + "_local";

    public IReadOnlyList<FleetColumn> Columns => [.. Common, .. OwnColumns];

    /// <summary>Their names, in the order of a row.</summary>
    public string ColumnNames => _columnNames ??= string.Join(", ", Columns.Select(column => column.Name));

    protected abstract IReadOnlyList<FleetColumn> OwnColumns { get; }

    /// <summary>Makes what takes lines apart. For one thread.</summary>
    public abstract LineEncoder CreateEncoder();
}
