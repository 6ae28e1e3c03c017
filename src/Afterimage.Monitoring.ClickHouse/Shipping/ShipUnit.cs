namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Lines that are sent together. Fixed before it is sent, and never changed: what is sent again is the same, so that servers take
/// it for what they have.</summary>
/// <param name="Number">Its number in its checkpoint.</param>
/// <param name="Table">The table that its lines go to.</param>
/// <param name="Name">The name of their file.</param>
/// <param name="File">What the cluster calls the file: by another name where another file had that one before.</param>
/// <param name="First">The number of the first line, 1 that of the file's first.</param>
/// <param name="Lines">How many.</param>
/// <param name="Start">Where the first begins in the file.</param>
/// <param name="End">Where the last ends.</param>
/// <param name="Shard">The shard that has them.</param>
/// <param name="Version">The schema's version when it was fixed.</param>
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
    /// <summary>As many lines are one block on a server: they are in together or not at all.</summary>
    public const int MaxLines = 50_000;

    /// <summary>Bytes of rows beyond which a unit ends, so that memory is bounded where lines are long.</summary>
    public const int MaxBytes = 8 << 20;
}
