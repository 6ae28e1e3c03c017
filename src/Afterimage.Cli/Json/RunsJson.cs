using Afterimage.Cli.Views;

namespace Afterimage.Cli.Json;

/// <summary>Writes runs as one line of JSON.</summary>
internal static class RunsJson
{
    /// <param name="runs">The runs.</param>
    /// <param name="count">The number of runs, including those that are not written.</param>
    /// <param name="root">Where the runs are: the name of a property, and its value.</param>
    public static void Write(IReadOnlyList<ListedRun> runs, long count, (string Name, string Value) root) => JsonOutput.Write(writer =>
    {
        writer.WriteStartArray("runs");
        foreach (ListedRun run in runs)
        {
            writer.WriteStartObject();
            writer.WriteString("name", run.Name);
            if (run.Id is { } id)
                writer.WriteString("run_id", id);
            writer.WriteString("state", run.State.ToString().ToLowerInvariant());
            if (run.Start is { } start)
                writer.WriteString("start", start.UtcDateTime);
            if (run.End is { } end)
                writer.WriteString("end", end.UtcDateTime);
            if (run.Duration is { } duration)
                writer.WriteNumber("duration_seconds", duration.TotalSeconds);
            writer.WriteString("host", run.Host);
            if (run.Service is { } service)
                writer.WriteString("service", service);
            writer.WriteString("process", run.Process);
            writer.WriteNumber("generations", run.Calls.Generations);
            writer.WriteNumber("evaluations", run.Calls.Evaluations);
            if (run.Calls.SuccessRate is { } success)
                writer.WriteNumber("success_rate", success);
            if (run.Calls.P95Seconds is { } p95)
                writer.WriteNumber("p95_seconds", p95);
            writer.WriteNumber("total_tokens", run.Calls.TotalTokenCount);

            // A value that is unknown is left out rather than written as zero.
            if (run.Calls.CostUsd is { } dollars)
                writer.WriteNumber("cost_usd", dollars);
            if (run.Calls.CostUsd is not null || run.Calls.UnpricedTokenCount > 0)
                writer.WriteNumber("unpriced_tokens", run.Calls.UnpricedTokenCount);
            writer.WriteNumber("usage_missing_count", run.Calls.UsageMissingCount);
            writer.WriteString("log_dir", run.Directory);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("run_count", count);
        writer.WriteString(root.Name, root.Value);
    });
}
