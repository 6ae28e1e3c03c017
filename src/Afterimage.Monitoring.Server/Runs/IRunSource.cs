namespace Afterimage.Monitoring.Server.Runs;

/// <summary>The runs that pages and the API show, wherever they are. All members are thread-safe.</summary>
internal interface IRunSource
{
    RunPlace Place { get; }

    /// <summary>The directory below which the runs are, or the address of the cluster.</summary>
    string Root { get; }

    /// <summary>A number that increases with every change of any run.</summary>
    long Version { get; }

    /// <summary>Whether the runs have been listed at least once.</summary>
    bool IsReady { get; }

    /// <summary>The time at which the runs were last listed; null if the list is always current.</summary>
    DateTimeOffset? AsOf { get; }

    /// <summary>The reason why the runs could not be listed the last time, if any.</summary>
    string? Trouble { get; }

    IEnumerable<RunEntry> Entries { get; }

    /// <summary>Finds a run by its ID; returns null if there is none.</summary>
    RunEntry? Find(string id);

    /// <summary>Reads a run if that is necessary to show it. From then on, its version is that of its document.</summary>
    Task OpenAsync(RunEntry entry, CancellationToken cancellationToken);

    /// <summary>Returns what the page of a run shows.</summary>
    /// <param name="entry">The run.</param>
    /// <param name="view">The part that is asked for.</param>
    /// <param name="now">The current time.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="QueryException">The run cannot be read.</exception>
    Task<RunDocument> DescribeAsync(RunEntry entry, RunView view, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Returns a page of a run's calls.</summary>
    /// <exception cref="QueryException">The run cannot be read.</exception>
    /// <exception cref="FormatException">A text of the filter cannot be part of a statement.</exception>
    Task<QueryAnswer> FindCallsAsync(RunEntry entry, CallFilter filter, CancellationToken cancellationToken);

    /// <summary>Returns the evaluations of a generation.</summary>
    /// <exception cref="QueryException">The run cannot be read.</exception>
    /// <exception cref="FormatException">The ID cannot be part of a statement.</exception>
    Task<QueryAnswer> FindEvaluationsAsync(RunEntry entry, string generationId, CancellationToken cancellationToken);

    /// <summary>Runs an SQL statement that can only read. Over a directory, it sees the run; over a cluster, it sees all runs.</summary>
    /// <exception cref="QueryException">The statement has no result.</exception>
    Task<QueryAnswer> QueryAsync(RunEntry entry, string sql, CancellationToken cancellationToken);

    /// <summary>Compares the first run with each of the others.</summary>
    /// <exception cref="QueryException">A run cannot be read.</exception>
    Task<IReadOnlyList<RunComparison>> CompareAsync(IReadOnlyList<RunEntry> entries, CancellationToken cancellationToken);
}
