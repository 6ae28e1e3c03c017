using Afterimage.Monitoring.Reporting.Comparing;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring;

// Comparisons of more than two runs.
public sealed partial class LogDirectory
{
    /// <summary>Compares the records that are there now with those of each of several other runs, as <see cref="CompareAsync"/>
    /// does.</summary>
    /// <remarks>P-values are adjusted for the tests of all comparisons together. However many runs there are, the probability of mistaking
    /// any chance difference for a real one stays that of <see cref="RunComparison.FamilywiseErrorRate"/>.</remarks>
    /// <param name="others">The other runs.</param>
    /// <param name="progress">Receives progress from 0 to 1. Default: none.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>One comparison of this run (<see cref="RunComparison.A"/>) with each of the others, in their order.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="others"/> or one of its elements is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="others"/> is empty.</exception>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<IReadOnlyList<RunComparison>> CompareAllAsync(
        IReadOnlyList<LogDirectory> others,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(others);
        foreach (LogDirectory other in others)
            ArgumentNullException.ThrowIfNull(other, nameof(others));
        if (others.Count == 0)
            throw new ArgumentException("At least one other run must be given.", nameof(others));

        return Task.Run<IReadOnlyList<RunComparison>>(() => Compare(others, progress, cancellationToken), cancellationToken);
    }

    private RunComparison[] Compare(IReadOnlyList<LogDirectory> others, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        // What is a name of its own in one run is one in all: a name that is only read later was in none before.
        var limits = new NameLimits();
        var comparisons = new List<RunComparison>();
        using ComparedRun a = Open(this, done: 0);
        foreach (LogDirectory other in others)
        {
            using ComparedRun b = Open(other, done: comparisons.Count + 1);
            comparisons.Add(_reader.Translate(() => Comparer.Run(a, b), cancellationToken));
        }

        progress?.Report(1);
        return Comparer.Adjust(comparisons);

        ComparedRun Open(LogDirectory run, int done) => run._reader.Translate(
            () => LoggedRun.Read(run._reader, limits, share => progress?.Report((done + share) / (others.Count + 1)), cancellationToken),
            cancellationToken);
    }
}
