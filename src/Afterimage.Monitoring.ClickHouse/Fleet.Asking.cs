using Afterimage.Monitoring.ClickHouse.Questions;
using Afterimage.Monitoring.Reporting.Comparing;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring;

// Questions about the runs in the cluster.
public sealed partial class Fleet
{
    /// <summary>Finds the runs in the fleet, with figures of their calls.</summary>
    /// <param name="filter">The runs and records to select. A run is selected if it can have records between
    /// <see cref="FleetFilter.Since"/> and <see cref="FleetFilter.Until"/>. Default: all.</param>
    /// <param name="maxRuns">The maximum number of runs to return. Must be at least 1. Default: 20.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The latest runs, and the number of all.</returns>
    /// <exception cref="ArgumentException">The filter is not valid; the message names the setting.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxRuns"/> is less than 1.</exception>
    /// <exception cref="FleetException">The cluster cannot be reached, or refuses; or a selected run does not exist.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<FleetRuns> FindRunsAsync(
        FleetFilter? filter = null,
        int maxRuns = 20,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRuns, 1);

        FleetFilter checkedFilter = await CheckAsync(filter, cancellationToken).ConfigureAwait(false);
        return await new RunList(_cluster).ReadAsync(checkedFilter, maxRuns, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Summarises the records in the fleet.</summary>
    /// <remarks>
    /// <para>The figures are those of <see cref="LogDirectory.Summarize"/> of the same records. Counts, sums, minima and maxima are exact.
    /// Quantiles are within 1 % of the exact ones. Servers add up what they have; only sums are transferred.</para>
    /// <para><see cref="RunSummary.SkippedLines"/>, <see cref="RunSummary.DroppedRecords"/> and <see cref="RunSummary.FailedRecords"/> are
    /// those of the selected runs, whatever model and tag are selected. <see cref="RunSummary.Files"/> is empty.</para>
    /// </remarks>
    /// <param name="filter">The records to select. Default: all.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The summary.</returns>
    /// <exception cref="ArgumentException">The filter is not valid; the message names the setting.</exception>
    /// <exception cref="FleetException">The cluster cannot be reached, or refuses; or a selected run does not exist.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<RunSummary> SummarizeAsync(FleetFilter? filter = null, CancellationToken cancellationToken = default) =>
        (await ReadAsync(filter, new NameLimits(), cancellationToken).ConfigureAwait(false)).Summary;

    /// <summary>Summarises the calls in the fleet, grouped by one of their properties or tags.</summary>
    /// <remarks>The figures are those of <see cref="LogDirectory.SummarizeByAsync"/> of the same records. Quantiles are within 1 % of the
    /// exact ones.</remarks>
    /// <param name="key">The key to group by.</param>
    /// <param name="filter">The records to select. Default: all.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The groups, in descending order of tokens. Calls without the key form one group with the value
    /// <see langword="null"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">The filter is not valid; the message names the setting.</exception>
    /// <exception cref="FleetException">The cluster cannot be reached, or refuses; or a selected run does not exist.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<IReadOnlyList<KeySummary>> SummarizeByAsync(
        SummaryKey key,
        FleetFilter? filter = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);

        FleetFilter checkedFilter = await CheckAsync(filter, cancellationToken).ConfigureAwait(false);
        return await new KeyFigures(_cluster)
            .ReadAsync(key, new FilterSql(checkedFilter, _cluster.Schema.Database).Records, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Compares records in the fleet with others, such as a run with other runs, or a model with another.</summary>
    /// <remarks>The figures are those of <see cref="LogDirectory.CompareAllAsync"/> of the same records, with these differences: quantiles
    /// and their intervals are within 1 %, and the spread of a mean does not include differences between points that are within 0.8 % of
    /// each other.</remarks>
    /// <param name="first">The records from which changes are measured.</param>
    /// <param name="others">The others.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>One comparison of the first records (<see cref="RunComparison.A"/>) with each of the others, in their order.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="first"/>, <paramref name="others"/> or one of its elements is
    /// <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="others"/> is empty, or a filter is not valid; the message names the
    /// setting.</exception>
    /// <exception cref="FleetException">The cluster cannot be reached, or refuses; or a selected run does not exist.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<IReadOnlyList<RunComparison>> CompareAsync(
        FleetFilter first,
        IReadOnlyList<FleetFilter> others,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(others);
        foreach (FleetFilter other in others)
            ArgumentNullException.ThrowIfNull(other, nameof(others));
        if (others.Count == 0)
            throw new ArgumentException("At least one other selection must be given.", nameof(others));

        var limits = new NameLimits();
        List<RunComparison> comparisons = [];
        using var a = new FleetPoints(await ReadAsync(first, limits, cancellationToken).ConfigureAwait(false));
        foreach (FleetFilter other in others)
        {
            using var b = new FleetPoints(await ReadAsync(other, limits, cancellationToken).ConfigureAwait(false));
            comparisons.Add(Comparer.Run(a, b));
        }

        return Comparer.Adjust(comparisons);
    }

    /// <summary>Reads the newest alerts in the fleet, and combines them into episodes.</summary>
    /// <param name="filter">The runs and the time to select. <see cref="FleetFilter.ModelName"/> and <see cref="FleetFilter.Tag"/> must
    /// not be set. Default: all.</param>
    /// <param name="maxAlerts">The maximum number of alerts to read. Must be at least 1. Default: 10,000.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The alerts.</returns>
    /// <exception cref="ArgumentException">The filter is not valid; the message names the setting.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxAlerts"/> is less than 1.</exception>
    /// <exception cref="FleetException">The cluster cannot be reached, or refuses; or a selected run does not exist.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<AlertHistory> ReadAlertsAsync(
        FleetFilter? filter = null,
        int maxAlerts = 10_000,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAlerts, 1);
        if (filter is { ModelName: not null } or { Tag: not null })
            throw new ArgumentException("Alerts cannot be selected by model or tag.", nameof(filter));

        FleetFilter checkedFilter = await CheckAsync(filter, cancellationToken).ConfigureAwait(false);
        return await new AlertList(_cluster).ReadAsync(checkedFilter, maxAlerts, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs an SQL statement over the tables and views of the fleet (docs/fleet.md), in ClickHouse's dialect.</summary>
    /// <remarks>The statement can only read. If the user may only read, the limits of its profile apply instead of
    /// <paramref name="options"/>.</remarks>
    /// <param name="sql">The statement, without <c>FORMAT</c>.</param>
    /// <param name="options">The limits. Default: the defaults of <see cref="FleetQueryOptions"/>.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The result, to be disposed.</returns>
    /// <exception cref="ArgumentException"><paramref name="sql"/> is null, empty or white space.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A limit is out of its range.</exception>
    /// <exception cref="FleetException">The cluster cannot be reached, or refuses the statement; the message says why.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<FleetQuery> QueryAsync(
        string sql,
        FleetQueryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        options ??= new FleetQueryOptions();
        options.Validate();

        return FleetQuery.RunAsync(_cluster, sql, options, cancellationToken);
    }

    private async Task<FleetFigures> ReadAsync(FleetFilter? filter, NameLimits limits, CancellationToken cancellationToken)
    {
        FleetFilter checkedFilter = await CheckAsync(filter, cancellationToken).ConfigureAwait(false);
        return await FleetFigures.ReadAsync(_cluster, checkedFilter, limits, cancellationToken).ConfigureAwait(false);
    }

    // The figures of a run whose name is misspelt would be those of a run that did nothing.
    private async Task<FleetFilter> CheckAsync(FleetFilter? filter, CancellationToken cancellationToken)
    {
        filter ??= new FleetFilter();
        filter.Validate();
        await _cluster.StateAsync(cancellationToken).ConfigureAwait(false);
        var selected = new FleetFilter { Run = filter.Run, Host = filter.Host, Service = filter.Service };
        if (selected == new FleetFilter())
            return filter;

        string where = new FilterSql(selected, _cluster.Schema.Database).Runs;
        string count = await _cluster
            .AskAsync($"SELECT count() FROM {_cluster.Schema.Database}.runs WHERE {where}", cancellationToken)
            .ConfigureAwait(false);
        return count.Trim() != "0" ? filter : throw new FleetException($"The fleet has no run {NameOf(selected)}.");
    }

    private static string NameOf(FleetFilter selected) => string.Join(
        " and ",
        new[]
        {
            selected.Run is { } run ? $"named '{run}'" : null,
            selected.Host is { } host ? $"of the host '{host}'" : null,
            selected.Service is { } service ? $"of the service '{service}'" : null,
        }.OfType<string>());
}
