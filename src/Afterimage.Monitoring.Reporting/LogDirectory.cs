using System.Data.Common;
using Afterimage.Monitoring.Reporting;

namespace Afterimage.Monitoring;

/// <summary>A directory that monitors wrote, or are writing, their runs to. Reading it disturbs no writer.</summary>
/// <remarks>
/// All files <c>metrics*.jsonl</c> in it and below it are read (symbolic links below it are not followed). The format is specified in
/// docs/log-format.md. A line that is no valid record of it (torn by a crash, of an unknown event, without a required key, or with a value
/// of the wrong type in a key that the summary needs) is left out whole and counted.
/// </remarks>
public sealed class LogDirectory
{
    private LogDirectory(string path) => Path = path;

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>Opens an existing directory. Nothing is read yet.</summary>
    /// <param name="path">The directory, absolute or relative to the current one.</param>
    /// <returns>The log directory.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory, or it is a file.</exception>
    public static LogDirectory Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);

        string fullPath = System.IO.Path.GetFullPath(path);
        if (File.Exists(fullPath))
            throw new DirectoryNotFoundException($"The log directory '{fullPath}' is a file.");
        if (!Directory.Exists(fullPath))
            throw new DirectoryNotFoundException($"There is no log directory '{fullPath}'.");
        return new LogDirectory(fullPath);
    }

    /// <summary>Summarises all records that are there now.</summary>
    /// <remarks>
    /// Needs memory for a part of the records only: what does not fit into about half a gigabyte goes to a temporary directory, removed afterwards.
    /// </remarks>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>The summary; without any file (<see cref="RunSummary.Files"/>) or record an empty one.</returns>
    /// <exception cref="IOException">A file could not be read, or has a line of more than 32 MB.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public RunSummary Summarize(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            string[] files = FindFiles("metrics*.jsonl");
            try
            {
                (long dropped, long failed) = RunCounts.Sum(FindFiles("run*.json"));
                return SummaryQuery.Run(Path, files, cancellationToken) with { DroppedRecords = dropped, FailedRecords = failed };
            }
            catch (DbException) when (!cancellationToken.IsCancellationRequested && files.Any(file => !File.Exists(file)))
            {
                // A writer that keeps only its newest files deleted one between the listing and the reading: the next listing is without it.
            }
            catch (DbException exception)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new IOException($"The log directory '{Path}' could not be read: {exception.Message.Split('\n')[0]}", exception);
            }
        }
    }

    private string[] FindFiles(string pattern)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = false,
            MatchCasing = MatchCasing.CaseSensitive,
        };

        // The writers' locks have the names of the files that they are about.
        string[] files = [.. Directory.EnumerateFiles(Path, pattern, options).Where(file => System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(file)) != ".locks")];
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
