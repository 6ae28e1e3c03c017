using System.Data.Common;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

// SQL over the records.
public sealed partial class LogDirectory
{
    /// <summary>Runs an SQL statement over the records that are there now, as <see cref="Query(string, CancellationToken)"/>
    /// does.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="options">The form of the result. Default: typed values.</param>
    /// <param name="cancellationToken">A token to cancel the operation, including reading from <see cref="LogQuery.Reader"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException"><paramref name="sql"/> is null, empty or refused; the message says why.</exception>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<LogQuery> QueryAsync(string sql, LogQueryOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);

        return Task.Run(() => Query(sql, options ?? new LogQueryOptions(), cancellationToken), cancellationToken);
    }

    internal LogQuery Query(string sql, LogQueryOptions options, CancellationToken cancellationToken)
    {
        LogSnapshot? snapshot = null;
        try
        {
            QueryInput input = QueryInput.Of(sql, cancellationToken);
            snapshot = _reader.Read(input, cancellationToken, isInPlace: options.HasContents && input.IsReadOnce);
            if (!options.HasContents)
                snapshot.RemoveContents(input);
            return LogQuery.Run(snapshot, sql, input.IsSelect, options, cancellationToken);
        }
        catch (Exception exception)
        {
            using LogSnapshot? read = snapshot;
            if (exception is not (DbException or InvalidOperationException or FormatException))
                throw;
            cancellationToken.ThrowIfCancellationRequested();
            if (exception is DbException error && read?.Blame(error) is IOException damage)
                throw damage;
            throw new ArgumentException(FirstParagraph(exception.Message), nameof(sql), exception);
        }
    }

    /// <summary>Returns the engine's message, with the names that it proposes, on one line. The statement and settings that a statement
    /// cannot change are left out.</summary>
    internal static string FirstParagraph(string message) =>
        string.Join(
            ' ',
            message
                .Split('\n')
                .Select(line => line.Trim())
                .TakeWhile(line => !line.StartsWith("LINE ", StringComparison.Ordinal) && line != "Possible solutions:")
                .Where(line => line.Length > 0));
}
