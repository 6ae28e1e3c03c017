using System.Collections;
using System.IO.Compression;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Brings units into the cluster, one step at a time. Not thread-safe.</summary>
/// <param name="shards">The cluster.</param>
/// <param name="versionAsync">Returns the version of the schema, before each attempt. It throws while the schema is about to
/// change.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class UnitSender(
    IShardClient shards,
    Func<CancellationToken, ValueTask<int>> versionAsync,
    TimeProvider timeProvider) : IDisposable
{
    private readonly MemoryStream _body = new();
    private int _replica;

    /// <summary>Takes the next step with a unit: counts lines if required, and sends missing lines.</summary>
    /// <param name="run">The run of the unit.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="delivery">What is known about the delivery of the unit.</param>
    /// <param name="places">The shards that may have lines of the unit.</param>
    /// <param name="fresh">All rows of the unit; null if they must be read.</param>
    /// <param name="read">Reads the rows of the unit, except those of lines that are already there.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>Whether the whole unit is in the cluster (otherwise, a part must wait), and the number of lines that were there
    /// before.</returns>
    /// <exception cref="IOException">The step failed. It is unknown which lines are in the cluster.</exception>
    public async Task<(bool IsWhole, int Found)> DeliverAsync(
        string run,
        ShipUnit unit,
        Delivery delivery,
        IEnumerable<string> places,
        UnitRows? fresh,
        Func<BitArray?, UnitRows> read,
        CancellationToken cancellationToken)
    {
        int version = await versionAsync(cancellationToken).ConfigureAwait(false);
        BitArray? present = null;
        int found = 0;
        if (delivery.Next(timeProvider.GetUtcNow(), version) == Delivery.Step.Settle)
        {
            present = new BitArray(unit.Lines);
            foreach (string shard in places)
                present.Or(await shards.CountAsync(shard, run, unit, cancellationToken).ConfigureAwait(false));
            found = present.Cast<bool>().Count(isThere => isThere);
            delivery.Settled(isPartlyThere: found > 0);
        }

        if (found == unit.Lines)
            return (true, found);

        UnitRows rows = fresh is null || found > 0 ? read(present) : fresh;
        bool isWhole = await SendAsync(unit, rows, delivery, cancellationToken).ConfigureAwait(false);
        if (!isWhole)
            delivery.Wait();
        return (isWhole, found);
    }

    /// <summary>Sends the rows of a unit. Each month goes to any replica that accepts it.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="rows">The missing rows of the unit.</param>
    /// <param name="delivery">What is known about the delivery of the unit.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns><see langword="true"/> if the whole unit is in the cluster; <see langword="false"/> if a part of a month must
    /// wait.</returns>
    /// <exception cref="FleetException">No replica has accepted a month.</exception>
    private async Task<bool> SendAsync(
        ShipUnit unit,
        UnitRows rows,
        Delivery delivery,
        CancellationToken cancellationToken)
    {
        LineTable table = LineTable.All.Single(t => t.Name == unit.Table);
        bool isWhole = true;
        foreach (UnitRows.Month month in rows.Months.Where(month => month.Written > 0))
        {
            if (month.Written < month.Lines && !delivery.MaySendPart(timeProvider.GetUtcNow()))
            {
                isWhole = false;
                continue;
            }

            await SendAsync(unit.Shard, table, Compress(month.Rows.Written), delivery, cancellationToken).ConfigureAwait(false);
        }

        return isWhole;
    }

    public void Dispose() => _body.Dispose();

    private async Task SendAsync(
        string shard,
        LineTable table,
        ReadOnlyMemory<byte> body,
        Delivery delivery,
        CancellationToken cancellationToken)
    {
        int replicas = shards.Replicas(shard);
        if (replicas == 0)
            throw new FleetException($"No node of the shard '{shard}' can be reached.");

        for (int attempt = 1; ; attempt++)
        {
            int version = await versionAsync(cancellationToken).ConfigureAwait(false);
            if (delivery.Next(timeProvider.GetUtcNow(), version) == Delivery.Step.Settle)
                throw new FleetException(
                    "The tables of the cluster have changed, or an attempt took too long. The lines are counted before the next attempt.");
            delivery.Attempting(timeProvider.GetUtcNow(), version);
            try
            {
                await shards.InsertAsync(shard, _replica, table, body, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (FleetException) when (attempt < replicas)
            {
                // It does not matter which replica has it in the end: the shard accepts the same block only once.
                _replica++;
            }
            catch (FleetException)
            {
                _replica++;
                throw;
            }
        }
    }

    private ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> rows)
    {
        _body.SetLength(0);
        using (var gzip = new GZipStream(_body, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(rows);
        return _body.GetBuffer().AsMemory(0, (int)_body.Length);
    }
}
