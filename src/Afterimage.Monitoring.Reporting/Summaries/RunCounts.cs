using System.Text.Json;
using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>The losses reported by the monitors that wrote a log directory: the counts in their <c>run.json</c> files
/// (docs/log-format.md).</summary>
internal static class RunCounts
{
    /// <summary>Adds up the counts of all runs that ended normally; the others have none.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public static (long Dropped, long Failed) Sum(IEnumerable<string> files)
    {
        long dropped = 0;
        long failed = 0;
        foreach (string file in files)
        {
            if (JsonFile.Read(file) is not { } run)
                continue;

            dropped += Count(run, "dropped");
            failed += Count(run, "failed");
        }

        return (dropped, failed);
    }

    private static long Count(JsonElement run, string name) =>
        run.TryGetProperty(name, out JsonElement count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt64(out long value)
            ? value
            : 0;
}
