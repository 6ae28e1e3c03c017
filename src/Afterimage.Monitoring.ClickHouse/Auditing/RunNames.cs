using Afterimage.Monitoring.ClickHouse.Shipping;

namespace Afterimage.Monitoring.ClickHouse.Auditing;

/// <summary>What a cluster calls a run and its files, by the run's checkpoint, which a shipper may have at the time.</summary>
internal sealed class RunNames
{
    private readonly Checkpoint? _checkpoint;

    private RunNames(string run, Checkpoint? checkpoint) => (Run, _checkpoint) = (run, checkpoint);

    public string Run { get; }

    /// <summary>Reads a run's checkpoint. Without one, the names are those that a shipper would give.</summary>
    /// <exception cref="IOException">It cannot be read, or is damaged.</exception>
    public static RunNames Read(RunListing listing, string fleet) =>
        Checkpoint.TryRead(listing.Directory, fleet) is { IsNew: false } checkpoint
            ? new RunNames(checkpoint.Run, checkpoint)
            : new RunNames(RunIdentity.Of(listing), null);

    public string FileOf(string table, string name) => _checkpoint?.Find(table, name)?.File ?? name;
}
