using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring;

/// <summary>Runs of many machines in a ClickHouse cluster: ships log directories there, each line exactly once, and asks there what one
/// asks log directories. Its members can be called from any number of threads.</summary>
public sealed partial class Fleet : IDisposable
{
    private readonly FleetCluster _cluster;
    private readonly TimeProvider _timeProvider;

    /// <summary>Names a cluster. Nothing is asked yet.</summary>
    /// <param name="options">Where it is, and who asks.</param>
    /// <param name="timeProvider">The clock. Default: the system's.</param>
    /// <exception cref="ArgumentException">A setting is none; the message says which.</exception>
    /// <exception cref="FleetException">A file that a setting names cannot be read.</exception>
    public Fleet(FleetOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);

        _timeProvider = timeProvider ?? TimeProvider.System;
        _cluster = new FleetCluster(options, _timeProvider);
    }

    /// <summary>Makes the database and its tables, or brings tables of an earlier version up to date.</summary>
    /// <remarks>It can be called at any time, also by several at once, and does nothing where nothing is to be done. Before tables that are
    /// there change, shippers stop and what they have on its way comes to its end; they go on by themselves.</remarks>
    /// <param name="cancellationToken">Ends it early; the next call goes on from there.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="FleetException">A node of the cluster cannot be reached, or refuses.</exception>
    public Task<FleetInitialization> InitializeAsync(CancellationToken cancellationToken = default) =>
        new FleetSetup(_cluster, _timeProvider).RunAsync(LineTable.All, cancellationToken);

    /// <summary>The statements that <see cref="InitializeAsync"/> runs for a new fleet, for those who run them themselves.</summary>
    /// <param name="options">Which cluster and database.</param>
    /// <returns>SQL, each statement with a semicolon at its end.</returns>
    /// <exception cref="ArgumentException">A setting is none; the message says which.</exception>
    public static string SchemaScript(FleetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);

        options.Validate();
        return new FleetSchema(options.Database, options.Cluster).Script(Guid.CreateVersion7().ToString());
    }

    /// <summary>A profile and a user for servers' <c>users.xml</c> that may only read, within limits of time, memory and rows.</summary>
    /// <param name="options">Which database.</param>
    /// <returns>XML.</returns>
    /// <exception cref="ArgumentException">A setting is none; the message says which.</exception>
    public static string ReaderProfile(FleetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);

        options.Validate();
        return new FleetSchema(options.Database, options.Cluster).ReaderProfile();
    }

    /// <inheritdoc/>
    public void Dispose() => _cluster.Dispose();
}
