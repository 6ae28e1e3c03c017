using Afterimage.Monitoring.ClickHouse.Shipping;

namespace Afterimage.Monitoring.ClickHouse.Auditing;

/// <summary>The names of a run and its files in the cluster, from the run's checkpoint, which may be in use by a shipper.</summary>
internal sealed class RunNames
{
    private readonly Checkpoint? _checkpoint;

    private RunNames(string run, Checkpoint? checkpoint) => (Run, _checkpoint) = (run, checkpoint);

    public string Run { get; }

    /// <summary>Reads the checkpoint of a run. If there is none, the names are those that a shipper would assign.</summary>
    /// <exception cref="IOException">The checkpoint cannot be read, or is damaged.</exception>
    public static RunNames Read(RunListing listing, string fleet) =>
        Checkpoint.TryRead(listing.Directory, fleet) is { IsNew: false } checkpoint
            ? new RunNames(checkpoint.Run, checkpoint)
            : new RunNames(RunIdentity.Of(listing), null);

    public string FileOf(string table, string name) => _checkpoint?.Find(table, name)?.File ?? name;
}
