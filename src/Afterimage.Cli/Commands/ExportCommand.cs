using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage export</c>: the records of a log directory as files for other programs.</summary>
internal static class ExportCommand
{
    public const string Name = "export";

    public static readonly CommandHelp Help = new(
        """
        A row of the shape "points" is a metric point with all that is known of its
        record; a row of the shape "records" is a generation or an evaluation. CSV of
        points is one file a metric beside PATH, NAME_METRIC.csv, unless --single-file
        is given. Excel has a sheet a metric. Files appear when they are whole.
        """,
        [
            "afterimage export .afterimage-monitoring --format parquet --out run.parquet",
            "afterimage export runs/today --format excel --shape records --out today.xlsx",
            "afterimage export runs/today --format csv --metric generation_time \\\n    --since 2026-11-23T14:00Z --single-file --out latency.csv",
        ]);

    public static Command Create()
    {
        Argument<string> directory = LogInput.Argument();
        var format = new Option<ExportFormat>("--format")
        {
            Description = "The format.",
            HelpName = "json|csv|excel|parquet",
            Required = true,
        };
        var shape = new Option<ExportShape>("--shape") { Description = "What a row is. [default: points]", HelpName = "points|records" };
        var output = new Option<string>("--out") { Description = "The file to write.", HelpName = "PATH", Required = true };
        Option<DateTimeOffset?> since = LogInput.Time("--since", "Only what is stamped then or later.");
        Option<DateTimeOffset?> until = LogInput.Time("--until", "Only what is stamped before.");
        var metric = new Option<string?>("--metric") { Description = "Only the points of this metric.", HelpName = "NAME" };
        var single = new Option<bool>("--single-file") { Description = "CSV of points as one file." };
        var command = new Command(Name, "Write a log directory's points or records as JSON, CSV, Excel or Parquet.")
        {
            directory, format, shape, output, since, until, metric, single,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new ExportOptions
            {
                Shape = parsed.GetValue(shape),
                Since = parsed.GetValue(since),
                Until = parsed.GetValue(until),
                MetricName = parsed.GetValue(metric),
                SingleFile = parsed.GetValue(single),
            };
            if (options is { Shape: ExportShape.Records, MetricName: not null })
                throw new InputException("--metric is of points: it does not go with --shape records.");
            return LogInput.UseAsync(
                parsed.GetRequiredValue(directory),
                log => RunAsync(log, parsed.GetRequiredValue(output), parsed.GetValue(format), options, cancellationToken));
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
        ExportResult result = await WorkProgress.ShowAsync(
            "exporting", json: false, progress => log.ExportMetricsAsync(path, format, options, progress, cancellationToken));

        await Console.Out.WriteLineAsync(result.Files.Count == 1
            ? $"{Format.Count(result.Rows)} rows to {result.Files[0]}"
            : $"{Format.Count(result.Rows)} rows to {Format.Count(result.Files.Count)} files:");
        if (result.Files.Count > 1)
        {
            foreach (string file in result.Files)
                await Console.Out.WriteLineAsync(file);
        }

        await LogInput.SaySkippedAsync(result.SkippedLines);
        return ExitCodes.Success;
    }
}
