using System.Runtime.CompilerServices;

namespace Afterimage.Monitoring;

/// <summary>An answer that arrives in updates and is recorded as one call.</summary>
/// <typeparam name="TUpdate">The type of an update.</typeparam>
/// <param name="Call">The call.</param>
/// <param name="Open">Requests the answer.</param>
/// <param name="Add">Records an update.</param>
internal sealed record MonitoredStream<TUpdate>(MonitoredCall Call, Func<IAsyncEnumerable<TUpdate>> Open, Action<TUpdate> Add)
{
    /// <summary>Passes on the updates as they arrive.</summary>
    /// <param name="begin">Begins the call, when the first update is requested.</param>
    /// <param name="cancellationToken">A token to cancel the call.</param>
    public static async IAsyncEnumerable<TUpdate> FollowAsync(
        Func<CancellationToken, MonitoredStream<TUpdate>> begin,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<TUpdate>? updates = null;
        MonitoredStream<TUpdate> stream = begin(cancellationToken);

        // If the call is disposed before its end was recorded, its consumer has left, and it counts as abandoned.
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
