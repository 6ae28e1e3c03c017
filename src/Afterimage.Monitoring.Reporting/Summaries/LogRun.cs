using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>A run, as described by its <c>run.json</c>.</summary>
/// <param name="Directory">The directory of the file.</param>
/// <param name="Start">The time at which the run began.</param>
/// <param name="End">The time at which the run ended normally; <see langword="null"/> if it is still running or was killed.</param>
internal sealed record LogRun(string Directory, DateTimeOffset Start, DateTimeOffset? End)
{
    /// <summary>The start of the first run in the directory, which this one goes on with; the run's own if it is the first.</summary>
    public DateTimeOffset FirstStart { get; private init; } = Start;

    /// <summary>The machine that the run was made on; empty if the file does not say.</summary>
    public string Host { get; private init; } = "";

    /// <summary>The name and number of the run's process; empty if the file does not say.</summary>
    public string Process { get; private init; } = "";

    /// <summary>Whether the run's monitor was alive on this machine when the file was read.</summary>
    public bool IsAlive { get; private init; }

    /// <summary>Whether the run's process is known to be gone though it did not record an end. Of a run of another machine, nobody here can
    /// know.</summary>
    public bool IsKilled { get; init; }

    /// <summary>The number of records that the run accepted, by its own count; <see langword="null"/> if it did not end normally.</summary>
    public long? Recorded { get; private init; }

    /// <summary>Reads a file; returns <see langword="null"/> if it does not say when its run began.</summary>
    /// <exception cref="IOException">The file could not be read.</exception>
    public static LogRun? Read(string file) =>
        JsonFile.Read(file) is { } run ? Of(file, run) : null;

    /// <summary>Returns the run described by the content of a file; <see langword="null"/> if it does not say when its run began.</summary>
    public static LogRun? Of(string file, JsonElement run) =>
        Time(run, "start") is { } start ? Of(file, run, start, Time(run, "end")) : null;

    private static LogRun Of(string file, JsonElement run, DateTimeOffset start, DateTimeOffset? end)
    {
        bool isAlive = end is null && FileClaim.IsHeld(file);
        return new LogRun(Path.GetDirectoryName(file)!, start, end)
        {
            FirstStart = Time(run, "first_start") ?? start,
            Host = Text(run, "host"),
            Process = $"{Text(run, "process_name")} {Text(run, "process_id")}".Trim(),
            IsAlive = isAlive,
            IsKilled = end is null && !isAlive && Text(run, "host") == Environment.MachineName,
            Recorded =
                run.TryGetProperty("recorded", out JsonElement recorded)
                && recorded.ValueKind == JsonValueKind.Number
                && recorded.TryGetInt64(out long count)
                    ? count
                    : null,
        };
    }

    /// <summary>Returns whether the run can have lasted from one time to the other.</summary>
    public bool Spans(DateTimeOffset from, DateTimeOffset to) => Start <= from && (End is null || End >= to);

    private static string Text(JsonElement run, string name) =>
        run.TryGetProperty(name, out JsonElement text) && text.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? text.ToString()
            : "";

    private static DateTimeOffset? Time(JsonElement run, string name) =>
        run.TryGetProperty(name, out JsonElement time)
        && time.ValueKind == JsonValueKind.String
        && DateTimeOffset.TryParse(time.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset value)
            ? value
            : null;
}
