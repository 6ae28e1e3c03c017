using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring;

/// <summary>The runs of many machines in a ClickHouse cluster. Ships log directories there, each line exactly once. All members are
/// thread-safe.</summary>
public sealed partial class Fleet : IDisposable
{
    private readonly FleetCluster _cluster;
    private readonly TimeProvider _timeProvider;

    /// <summary>Creates an instance for a cluster, without connecting to it.</summary>
    /// <param name="options">The location of the cluster, and the credentials.</param>
    /// <param name="timeProvider">The clock. Default: the system clock.</param>
    /// <exception cref="ArgumentException">A setting is not valid; the message names it.</exception>
    /// <exception cref="FleetException">A file that a setting names cannot be read.</exception>
    public Fleet(FleetOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);

        _timeProvider = timeProvider ?? TimeProvider.System;
        _cluster = new FleetCluster(options, _timeProvider);
    }

    /// <summary>Creates the database and its tables, or upgrades the tables of an earlier version.</summary>
    /// <remarks>It can be called at any time, even by several callers at once, and does nothing if there is nothing to do. Before existing
    /// tables change, shippers pause until the data that they are sending has arrived; they then continue by themselves.</remarks>
    /// <param name="cancellationToken">A token to cancel the operation. The next call continues from there.</param>
    /// <returns>The result of the initialization.</returns>
    /// <exception cref="FleetException">A node of the cluster cannot be reached, or refuses a request.</exception>
    public Task<FleetInitialization> InitializeAsync(CancellationToken cancellationToken = default) =>
        new FleetSetup(_cluster, _timeProvider).RunAsync(LineTable.All, cancellationToken);

    /// <summary>Returns the statements that <see cref="InitializeAsync"/> runs for a new fleet, for those who want to run them
    /// themselves.</summary>
    /// <param name="options">The cluster and the database.</param>
    /// <returns>The statements as SQL, each with a semicolon at its end.</returns>
    /// <exception cref="ArgumentException">A setting is not valid; the message names it.</exception>
    public static string SchemaScript(FleetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);

        options.Validate();
        return new FleetSchema(options.Database, options.Cluster).Script(Guid.CreateVersion7().ToString());
    }

    /// <summary>Returns a profile and a user for the servers' <c>users.xml</c>. The user may only read, within limits on time, memory and
    /// rows.</summary>
    /// <param name="options">The database.</param>
    /// <returns>The profile and the user as XML.</returns>
    /// <exception cref="ArgumentException">A setting is not valid; the message names it.</exception>
    public static string ReaderProfile(FleetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);

        options.Validate();
        return new FleetSchema(options.Database, options.Cluster).ReaderProfile();
    }

    /// <inheritdoc/>
    public void Dispose() => _cluster.Dispose();

    internal FleetCluster Cluster => _cluster;
}
