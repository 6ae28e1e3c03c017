using Afterimage.Monitoring.ClickHouse.Auditing;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Shipping;

namespace Afterimage.Monitoring;

// Shipping of runs to the cluster.
public sealed partial class Fleet
{
    /// <summary>Ships the runs in a directory and below it: each line of their records, alerts and logs exactly once, whatever fails in the
    /// meantime.</summary>
    /// <remarks>
    /// <para>Shipping can be started, stopped and killed at any time. What is about to be sent is noted first, in <c>.shipping</c> in the
    /// directory of each run, and the next shipper continues from there. Several shippers may work on one directory at the same time; each
    /// run is shipped by one of them. Writers are not disturbed. Once shipping of a run has begun, its files are neither compacted nor
    /// deleted because of <see cref="LogFileOptions.MaxTotalSize"/> until they are shipped.</para>
    /// <para>It uses at most about 150 MiB of memory, however much there is to ship.</para>
    /// </remarks>
    /// <param name="root">The directory.</param>
    /// <param name="options">The settings. Default: shipping continues until it is cancelled.</param>
    /// <param name="progress">Receives the status each time the directory is scanned. Default: none.</param>
    /// <param name="cancellationToken">A token to end the shipping.</param>
    /// <returns>The final status, if <see cref="ShippingOptions.Once"/> is set.</returns>
    /// <exception cref="ArgumentException"><paramref name="root"/> is null or empty, or an option is out of its range.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="FleetException"><see cref="ShippingOptions.Once"/> is set, and nothing could be shipped for
    /// <see cref="ShippingOptions.GiveUpAfter"/>.</exception>
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

    /// <summary>Compares every line of the runs in a directory and below it with the lines in the cluster. Lines that have not been shipped
    /// yet count as missing.</summary>
    /// <param name="root">The directory.</param>
    /// <param name="progress">Receives progress from 0 to 1. Default: none.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The result of the comparison.</returns>
    /// <exception cref="ArgumentException"><paramref name="root"/> is null or empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="FleetException">A shard cannot be reached, or refuses a request.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<FleetAudit> AuditAsync(string root, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        string path = FullPath(root);
        return Task.Run(() => new Auditor(_cluster, progress, cancellationToken).RunAsync(path), cancellationToken);
    }

    /// <summary>Removes the lines of every month that ended before a time, by UTC, from the cluster. Log directories stay as they
    /// are.</summary>
    /// <remarks>Servers remove whole months at once, whatever their size. An audit no longer misses these lines. Lines of such a month that
    /// are shipped later are kept until the next call. Rows of the view <c>runs</c> stay.</remarks>
    /// <param name="time">The time. Lines of its month are kept.</param>
    /// <param name="cancellationToken">A token to cancel the operation. The next call continues from there.</param>
    /// <returns>The result of the removal.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is in the future.</exception>
    /// <exception cref="FleetException">A shard cannot be reached, or refuses a request; or the tables are being upgraded.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<FleetRemoval> RemoveBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, _timeProvider.GetUtcNow());

        DateTime utc = time.UtcDateTime;
        return new FleetRetention(_cluster, _timeProvider).RemoveAsync(new DateOnly(utc.Year, utc.Month, 1), cancellationToken);
    }

    private static string FullPath(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);

        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        return Directory.Exists(path) ? path : throw new DirectoryNotFoundException($"The directory '{path}' does not exist.");
    }
}
