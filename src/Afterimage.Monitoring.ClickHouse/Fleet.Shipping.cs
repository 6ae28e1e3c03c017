using Afterimage.Monitoring.ClickHouse.Auditing;
using Afterimage.Monitoring.ClickHouse.Shipping;

namespace Afterimage.Monitoring;

// Bringing runs into the cluster.
public sealed partial class Fleet
{
    /// <summary>Ships the runs in a directory and below it: each line of their records, alerts and logs exactly once, whatever fails
    /// meanwhile.</summary>
    /// <remarks>
    /// <para>It can be started, stopped and killed at any time: what is sent is noted first, in <c>.shipping</c> in each run's directory,
    /// and the next one goes on from there. Several may ship one directory at a time; each run has one of them. Writers are not disturbed.
    /// From the first time on that a run is shipped, files of it that are not shipped are neither compacted nor deleted by
    /// <see cref="LogFileOptions.MaxTotalSize"/>.</para>
    /// <para>Memory is bounded to about 150 MiB, however much there is to ship.</para>
    /// </remarks>
    /// <param name="root">The directory.</param>
    /// <param name="options">How. Default: it goes on until it is cancelled.</param>
    /// <param name="progress">Is told how far it is, at each look at the directory. Default: nobody is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How far it came, where <see cref="ShippingOptions.Once"/> is set.</returns>
    /// <exception cref="ArgumentException"><paramref name="root"/> is null or empty, or an option is out of its range.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="FleetException">Nothing could be shipped for <see cref="ShippingOptions.GiveUpAfter"/>, where it ships
    /// once.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<ShippingStatus> ShipAsync(
        string root,
        ShippingOptions? options = null,
        IProgress<ShippingStatus>? progress = null,
        CancellationToken cancellationToken = default)
    {
        string path = FullPath(root);
        options ??= new ShippingOptions();
        options.Validate();
        var shipper = new Shipper(_cluster, path, options, _timeProvider, progress);
        await using (shipper.ConfigureAwait(false))
            return await Task.Run(() => shipper.RunAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Compares every line of the runs in a directory and below it with what the cluster has. Lines that are not shipped yet are
    /// missing.</summary>
    /// <param name="root">The directory.</param>
    /// <param name="progress">Receives progress from 0 to 1. Default: none.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArgumentException"><paramref name="root"/> is null or empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="FleetException">A shard cannot be reached, or refuses.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<FleetAudit> AuditAsync(string root, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        string path = FullPath(root);
        return Task.Run(() => new Auditor(_cluster, progress, cancellationToken).RunAsync(path), cancellationToken);
    }

    private static string FullPath(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);

        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        return Directory.Exists(path) ? path : throw new DirectoryNotFoundException($"There is no directory '{path}'.");
    }
}
