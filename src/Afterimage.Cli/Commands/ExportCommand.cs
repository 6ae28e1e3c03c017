using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage export</c>: exports the records of a log directory to files for other programs.</summary>
internal static class ExportCommand
{
    public const string Name = "export";

    public static readonly CommandHelp Help = new(
        """
        A row of the shape "points" is a metric point with all that is known of its
        record. A row of the shape "records" is a generation or an evaluation. CSV of
        points has one file for each metric, NAME_METRIC.csv beside PATH; beyond 1,000
        files nothing is written, and --single-file is asked for. Excel has a sheet for
        each metric. Files appear when they are complete. A symbolic link is followed;
        a pipe or a device is written into. A file of another kind than FORMAT is
        replaced only with --force, a file of the log directory itself never.
        """,
        [
            "afterimage export .afterimage-monitoring --format parquet --out run.parquet",
            "afterimage export runs/today --format excel --shape records --out today.xlsx",
            "afterimage export runs/today --format csv --metric generation_time \\\n"
                + "    --since 2026-11-23T14:00Z --single-file --out latency.csv",
            "afterimage export --format csv --since 1h --out - | head\n# the newest run's last hour on standard output",
        ]);

    public static Command Create()
    {
        var input = new LogInput();
        var format = new Option<ExportFormat>("--format")
        {
            Description = "The format.",
            HelpName = "json|csv|excel|parquet",
            Required = true,
        };
        var shape = new Option<ExportShape>("--shape") { Description = "What a row is. [default: points]", HelpName = "points|records" };
        var output = new Option<string>("--out")
        {
            Description = "The file to write; - is standard output.",
            HelpName = "PATH|-",
            Required = true,
        };
        var metric = new Option<string?>("--metric") { Description = "Only the points of this metric.", HelpName = "NAME" };
        var single = new Option<bool>("--single-file") { Description = "CSV of points as one file." };
        Option<bool> force = OutputFile.Force();
        var command = new Command(Name, "Write points or records of log directories as JSON, CSV, Excel or Parquet.")
        {
            format, shape, output, metric, single, force,
        };
        input.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(output);
            var options = new ExportOptions
            {
                Shape = parsed.GetValue(shape),
                MetricName = parsed.GetValue(metric),
                SingleFile = parsed.GetValue(single) || OutputFile.IsStandardOutput(path),
                ReplacesOtherFiles = parsed.GetValue(force),
            };
            if (options is { Shape: ExportShape.Records, MetricName: not null })
                throw new InputException("--metric is of points: it does not go with --shape records.");
            return input.UseAsync(
                parsed,
                log => RunAsync(log, path, parsed.GetValue(format), options, cancellationToken),
                cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        LogDirectory log,
        string path,
        ExportFormat format,
        ExportOptions options,
        CancellationToken cancellationToken)
    {
        if (options.MetricName is { } metric)
            await MetricNames.ThrowIfUnknownAsync(log, metric, cancellationToken);
        ExportSummary result = await WorkProgress.ShowAsync(
            "exporting",
            json: OutputFile.IsStandardOutput(path),
            progress => OutputFile.WriteAsync(
                path,
                "." + format.ToString().ToLowerInvariant(),
                file => log.ExportMetricsAsync(file, format, options, progress, cancellationToken)));

        TextWriter output = OutputFile.SayTo(path);
        bool isStandardOutput = OutputFile.IsStandardOutput(path);
        await output.WriteLineAsync(
            isStandardOutput ? $"{Format.Count(result.Rows)} rows to standard output"
            : result.Files.Count == 1 ? $"{Format.Count(result.Rows)} rows to {result.Files[0]}"
            : $"{Format.Count(result.Rows)} rows to {Format.Count(result.Files.Count)} files:");
        if (result.Files.Count > 1)
        {
            foreach (string file in result.Files)
                await output.WriteLineAsync(file);
        }

        await LogInput.SaySkippedAsync(result.SkippedLines);
        return ExitCodes.Success;
    }
}
