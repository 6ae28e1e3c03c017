using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring;

// Summaries by a key.
public sealed partial class LogDirectory
{
    /// <summary>Summarises the generations and evaluations that are there now, grouped by one of their properties or tags.</summary>
    /// <remarks>Each call is in exactly one group, so that the groups add up to all calls. Points that a program recorded itself
    /// (<see cref="GenerationMonitor.RecordMetric"/>) are not calls, and are in no group. Of more than 100,000 values, those of the most
    /// calls have groups of their own, and the others share one, <see cref="GenerationMonitorOptions.OverflowName"/>.</remarks>
    /// <param name="key">The key to group by.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The groups, in descending order of tokens. Calls without the key form one group with the value
    /// <see langword="null"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is <see langword="null"/>.</exception>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<IReadOnlyList<KeySummary>> SummarizeByAsync(SummaryKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);

        return Task.Run(Summarize, cancellationToken);

        IReadOnlyList<KeySummary> Summarize()
        {
            string sql = KeySummaryQuery.Sql(key);
            QueryInput input = _reader.Translate(() => QueryInput.Of(sql, cancellationToken), cancellationToken);
            using LogSnapshot snapshot = _reader.Read(input, cancellationToken);
            return _reader.Translate(() => KeySummaryQuery.Run(snapshot, key), cancellationToken);
        }
    }
}
