using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Json;

/// <summary>Writes runs as one line of JSON.</summary>
internal static class RunsJson
{
    public static void Write(
        string root,
        IReadOnlyList<(RecordedRun Run, RunSummary Summary)> runs,
        int count) => JsonOutput.Write(writer =>
    {
        writer.WriteStartArray("runs");
        foreach ((RecordedRun run, RunSummary summary) in runs)
        {
            writer.WriteStartObject();
            writer.WriteString("name", run.Name);
            writer.WriteString("state", run.State.ToString().ToLowerInvariant());
            if (run.Start is { } start)
                writer.WriteString("start", start.UtcDateTime);
            if (run.End is { } end)
                writer.WriteString("end", end.UtcDateTime);
            if (RunsView.Duration(run, summary) is { } duration)
                writer.WriteNumber("duration_seconds", duration.TotalSeconds);
            writer.WriteString("host", run.Host);
            writer.WriteString("process", run.Process);
            writer.WriteNumber("generations", summary.Generations);
            writer.WriteNumber("evaluations", summary.Evaluations);
            if (summary.Metrics.GetValueOrDefault("success_rate") is { } success)
                writer.WriteNumber("success_rate", success.Mean);
            if (summary.Metrics.GetValueOrDefault("generation_time") is { } time)
                writer.WriteNumber("p95_seconds", time.P95);
            writer.WriteNumber("total_tokens", summary.Tokens.TotalTokens);

            // A value that is unknown is left out rather than written as zero.
            if (summary.Cost is { } cost)
            {
                if (RunsView.Dollars(cost) is { } dollars)
                    writer.WriteNumber("cost_usd", dollars);
                writer.WriteNumber("unpriced_tokens", cost.UnpricedTokenCount);
            }

            writer.WriteNumber("usage_missing_count", summary.Metrics.GetValueOrDefault("usage_missing")?.Count ?? 0);

            writer.WriteString("log_dir", run.Directory.Path);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("run_count", count);
        writer.WriteString("root", Path.GetFullPath(root));
    });
}
