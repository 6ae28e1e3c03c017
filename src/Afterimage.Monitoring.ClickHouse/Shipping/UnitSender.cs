using System.Collections;
using System.IO.Compression;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Brings units into the cluster, a step at a time. For one thread at a time.</summary>
/// <param name="shards">The cluster.</param>
/// <param name="versionAsync">The schema's version, asked before each attempt. It throws while the schema is about to change.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class UnitSender(IShardClient shards, Func<CancellationToken, ValueTask<int>> versionAsync, TimeProvider timeProvider) : IDisposable
{
    private readonly MemoryStream _body = new();
    private int _replica;

    /// <summary>Counts which lines of a unit are in the cluster.</summary>
    /// <param name="run">Its run.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="where">The shards that may have them.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FleetException">A shard cannot be asked.</exception>
    public async Task<BitArray> CountAsync(string run, ShipUnit unit, IEnumerable<string> where, CancellationToken cancellationToken)
    {
        var present = new BitArray(unit.Lines);
        foreach (string shard in where)
            present.Or(await shards.CountAsync(shard, run, unit, cancellationToken).ConfigureAwait(false));
        return present;
    }

    /// <summary>Sends the rows of a unit, each month to whichever replica takes it.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="rows">Its rows, those that are missing.</param>
    /// <param name="delivery">What is known of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether all of it is in; else a part of a month has to wait.</returns>
    /// <exception cref="FleetException">No replica has taken a month.</exception>
    public async Task<bool> SendAsync(
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
                throw new FleetException("The cluster's tables have changed, or an attempt took too long: lines are counted before the next.");
            delivery.Attempting(timeProvider.GetUtcNow(), version);
            try
            {
                await shards.InsertAsync(shard, _replica, table, body, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (FleetException) when (attempt < replicas)
            {
                // Whichever replica has it in the end: the shard takes the same block once.
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
