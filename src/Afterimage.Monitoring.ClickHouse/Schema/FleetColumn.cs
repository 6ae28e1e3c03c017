namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>A column of a table of lines.</summary>
/// <param name="Name">The name of the column.</param>
/// <param name="Type">The type of the column, as servers of every version know and write it.</param>
internal sealed record FleetColumn(string Name, string Type)
{
    public override string ToString() => $"{Name} {Type}";
}
