using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring.Reporting;

/// <summary>When a run began and ended, by its <c>run.json</c>.</summary>
/// <param name="Directory">The directory of the file.</param>
/// <param name="Start">When it began.</param>
/// <param name="End">When it ended in order; <see langword="null"/> where it goes on or was killed.</param>
internal sealed record LogRun(string Directory, DateTimeOffset Start, DateTimeOffset? End)
{
    /// <summary>Reads a file; <see langword="null"/> where it does not say when its run began.</summary>
    /// <exception cref="IOException">The file could not be read.</exception>
    public static LogRun? Read(string file) =>
        RunCounts.Read(file) is { } run && Time(run, "start") is { } start
            ? new LogRun(Path.GetDirectoryName(file)!, start, Time(run, "end"))
            : null;

    /// <summary>Whether it can have gone on from one time to the other.</summary>
    public bool Spans(DateTimeOffset from, DateTimeOffset to) => Start <= from && (End is null || End >= to);

    private static DateTimeOffset? Time(JsonElement run, string name) =>
        run.TryGetProperty(name, out JsonElement time) && time.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(time.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset value) ? value : null;
}
