namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Lines that are sent together. A unit is fixed before it is sent and never changed, so that servers recognize it when it is sent
/// again.</summary>
/// <param name="Number">The number of the unit in its checkpoint.</param>
/// <param name="Table">The table for its lines.</param>
/// <param name="Name">The name of the file.</param>
/// <param name="File">The name of the file in the cluster, which differs if another file had the name before.</param>
/// <param name="First">The number of the first line. The first line of a file has the number 1.</param>
/// <param name="Lines">The number of lines.</param>
/// <param name="Start">The position in the file at which the first line begins.</param>
/// <param name="End">The position in the file at which the last line ends.</param>
/// <param name="Shard">The shard for the lines.</param>
/// <param name="Version">The version of the schema when the unit was fixed.</param>
internal sealed record ShipUnit(
    long Number,
    string Table,
    string Name,
    string File,
    uint First,
    int Lines,
    long Start,
    long End,
    string Shard,
    int Version)
{
    /// <summary>The maximum number of lines. A server takes that many as one block, which is inserted completely or not at all.</summary>
    public const int MaxLines = 50_000;

    /// <summary>The size of the rows, in bytes, beyond which a unit ends, so that memory is bounded if lines are long.</summary>
    public const int MaxBytes = 8 << 20;
}
