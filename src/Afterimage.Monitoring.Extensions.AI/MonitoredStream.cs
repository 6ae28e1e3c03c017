using System.Runtime.CompilerServices;

namespace Afterimage.Monitoring;

/// <summary>An answer that comes in pieces, as one call.</summary>
/// <typeparam name="TUpdate">A piece.</typeparam>
/// <param name="Call">The call.</param>
/// <param name="Open">Asks for the answer.</param>
/// <param name="Add">Notes a piece.</param>
internal sealed record MonitoredStream<TUpdate>(MonitoredCall Call, Func<IAsyncEnumerable<TUpdate>> Open, Action<TUpdate> Add)
{
    /// <summary>Passes the pieces on as they come.</summary>
    /// <param name="begin">Begins the call, when the first piece is asked for.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async IAsyncEnumerable<TUpdate> FollowAsync(
        Func<CancellationToken, MonitoredStream<TUpdate>> begin,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<TUpdate>? updates = null;
        MonitoredStream<TUpdate> stream = begin(cancellationToken);

        // Disposed before it was told of an end, by a consumer that left: the call then counts as abandoned.
        using MonitoredCall call = stream.Call;
        try
        {
            while (true)
            {
                TUpdate update;
                try
                {
                    updates ??= stream.Open().GetAsyncEnumerator(cancellationToken);
                    if (!await updates.MoveNextAsync().ConfigureAwait(false))
                        break;

                    update = updates.Current;
                }
                catch (Exception e)
                {
                    call.Fail(e);
                    throw;
                }

                call.Read(() => stream.Add(update));
                yield return update;
            }

            call.Complete();
        }
        finally
        {
            if (updates is not null)
                await updates.DisposeAsync().ConfigureAwait(false);
        }
    }
}
