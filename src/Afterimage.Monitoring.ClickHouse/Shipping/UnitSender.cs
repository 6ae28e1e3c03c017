using System.Collections;
using System.IO.Compression;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Brings units into the cluster, a step at a time. For one thread at a time.</summary>
/// <param name="shards">The cluster.</param>
/// <param name="versionAsync">The schema's version, asked before each attempt. It throws while the schema is about to change.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class UnitSender(
    IShardClient shards,
    Func<CancellationToken, ValueTask<int>> versionAsync,
    TimeProvider timeProvider) : IDisposable
{
    private readonly MemoryStream _body = new();
    private int _replica;

    /// <summary>Does the next step with a unit: counts, where what is known of it demands that, and sends what is missing.</summary>
    /// <param name="run">Its run.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="delivery">What is known of it.</param>
    /// <param name="places">The shards that may have lines of it.</param>
    /// <param name="fresh">Its rows, all of them; null where they are to be read.</param>
    /// <param name="read">Reads its rows, without those of lines that are there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether all of it is in, and how many lines were there before; else a part has to wait.</returns>
    /// <exception cref="IOException">It failed: nobody knows what is in.</exception>
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

    /// <summary>Sends the rows of a unit, each month to whichever replica takes it.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="rows">Its rows, those that are missing.</param>
    /// <param name="delivery">What is known of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether all of it is in; else a part of a month has to wait.</returns>
    /// <exception cref="FleetException">No replica has taken a month.</exception>
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
                    "The cluster's tables have changed, or an attempt took too long: lines are counted before the next.");
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
