using System.Data.Common;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Runs an export from beginning to end.</summary>
internal static class ExportJob
{
    /// <param name="path">The full path of the file.</param>
    /// <param name="format">The format of the file.</param>
    /// <param name="options">The selection of the records.</param>
    /// <param name="logDirectories">The log directories to export.</param>
    /// <param name="read">Creates the snapshot of what is exported, and reports progress from 0 to 1.</param>
    /// <param name="progress">Receives the progress of the whole export from 0 to 1.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    public static ExportSummary Run(
        string path,
        ExportFormat format,
        ExportOptions options,
        IReadOnlyList<string> logDirectories,
        Func<Action<double>, LogSnapshot> read,
        IProgress<double>? progress,
        CancellationToken cancellationToken)
    {
        // Nobody who names a pipe or a device wants several files next to it.
        if (format == ExportFormat.Csv && OutputPlace.IsStream(OutputPlace.Resolve(path)))
            options = options with { SingleFile = true };

        // Check that the place can be written to before the long work.
        OutputKind? kind = Exporter.IsFileByMetric(format, options) ? null : Exporter.KindOf(format);
        using StagedFiles files = Translate(
            path,
            () => new StagedFiles(path, new OutputRules(logDirectories, options.ReplacesOtherFiles), kind),
            cancellationToken);
        using LogSnapshot snapshot = read(share => progress?.Report(share / 2));
        progress?.Report(0.5);
        return Translate(
            path,
            () =>
            {
                var exporter = new Exporter(snapshot, options, files, cancellationToken);
                exporter.Write(Path.GetFileName(path), format, share => progress?.Report((1 + share) / 2));
                cancellationToken.ThrowIfCancellationRequested();
                var result = new ExportSummary
                {
                    Files = files.Commit(cancellationToken),
                    Rows = exporter.Rows,
                    SkippedLines = snapshot.SkippedLines,
                };
                progress?.Report(1);
                return result;
            },
            cancellationToken);
    }

    public static void ThrowIfUnknown(ExportFormat format)
    {
        if (!Enum.IsDefined(format))
            throw new ArgumentOutOfRangeException(nameof(format), format, "The format must be a defined ExportFormat.");
    }

    private static T Translate<T>(string path, Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or DbException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException($"The export '{path}' could not be written: {exception.FirstLine()}", exception);
        }
    }
}
