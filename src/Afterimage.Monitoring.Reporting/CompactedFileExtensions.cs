using Afterimage.Monitoring.Reporting.Compacting;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>Lets a monitor read what <see cref="LogDirectory.CompactAsync"/> has made.</summary>
public static class CompactedFileExtensions
{
    /// <summary>Lets budgets resume from directories that have compacted files (<see cref="Budget.ResumeFrom"/>): sets
    /// <see cref="GenerationMonitorOptions.CompactedFileReader"/>.</summary>
    /// <remarks>
    /// The files are read by an embedded DuckDB, one after the other, while the monitor is made. Memory is bounded to about half a
    /// gigabyte, whatever their size.
    /// </remarks>
    /// <param name="options">The options of the monitor.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static GenerationMonitorOptions UseCompactedFiles(this GenerationMonitorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.CompactedFileReader = CompactedLines.Read;
        return options;
    }
}
