using System.Data.Common;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>An export from beginning to end.</summary>
internal static class ExportJob
{
    /// <param name="path">The file, as a full path.</param>
    /// <param name="format">Its format.</param>
    /// <param name="options">What of the records is exported.</param>
    /// <param name="logDirectories">The log directories that it is made of.</param>
    /// <param name="read">Makes the snapshot of what is exported, and says how far it is.</param>
    /// <param name="progress">Is told the share of the whole that is done.</param>
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
        // Several files beside a pipe or a device are not what was asked for.
        if (OutputPlace.IsStream(OutputPlace.Resolve(path)))
            options = options with { SingleFile = true };

        // A place that cannot be written is found before the long work.
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
            throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such export format.");
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
