namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>A column of a table of lines.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, as servers of every version know and write it.</param>
internal sealed record FleetColumn(string Name, string Type)
{
    public override string ToString() => $"{Name} {Type}";
}
