using Afterimage.Monitoring.Reporting.Compacting;

namespace Afterimage.Monitoring;

/// <summary>Extension methods that let a monitor read the files that <see cref="LogDirectory.CompactAsync"/> writes.</summary>
public static class CompactedFileExtensions
{
    /// <summary>Lets budgets resume from directories with compacted files (<see cref="Budget.ResumeFrom"/>): sets
    /// <see cref="GenerationMonitorOptions.CompactedFileReader"/>.</summary>
    /// <remarks>
    /// An embedded DuckDB reads the files, one after another, while the monitor is created. It uses at most about half a gigabyte of
    /// memory, whatever the size of the files.
    /// </remarks>
    /// <param name="options">The options of the monitor.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static GenerationMonitorOptions UseCompactedFiles(this GenerationMonitorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.CompactedFileReader = CompactedRecords.Read;
        return options;
    }
}
