namespace Afterimage.Monitoring;

/// <summary>What records that <see cref="GenerationMonitor.FlushAsync"/> has acknowledged survive.</summary>
public enum Durability
{
    /// <summary>The end of the process, however it comes: they are with the operating system.</summary>
    Buffered,

    /// <summary>The end of the machine: they are on the disk (<c>fsync</c>).</summary>
    Synced,
}
