using System.Text;
using Afterimage.Monitoring.Reporting.Exporting;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>Writes a report to its file.</summary>
internal static class ReportJob
{
    /// <param name="path">The full path of the file.</param>
    /// <param name="rules">The rules for what the file may replace.</param>
    /// <param name="read">Reads the content of the report.</param>
    /// <param name="cancellationToken">A token to cancel the operation. Cancellation leaves no output behind.</param>
    /// <exception cref="IOException">The file could not be written.</exception>
    public static RunSummary Run(string path, OutputRules rules, Func<ReportData> read, CancellationToken cancellationToken)
    {
        // Check that the place can be written to before the long work.
        using StagedFiles files = Translate(path, () => new StagedFiles(path, rules, OutputKind.Html));
        ReportData data = read();
        return Translate(
            path,
            () =>
            {
                using (
                    var output = new StreamWriter(
                        files.Add(Path.GetFileName(path), OutputKind.Html),
                        append: false,
                        new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
                    {
                        NewLine = "\n",
                    })
                    ReportPage.Write(output, data);
                cancellationToken.ThrowIfCancellationRequested();
                files.Commit(cancellationToken);
                return data.Summary;
            });
    }

    private static T Translate<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"The report '{path}' could not be written: {exception.FirstLine()}", exception);
        }
    }
}
