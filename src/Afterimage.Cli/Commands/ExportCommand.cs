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
        With the shape "points", a row is a metric point with all fields of its record.
        With the shape "records", a row is a generation or an evaluation. CSV of points
        has one file for each metric, NAME_METRIC.csv next to PATH; Excel has one sheet
        for each metric. The limit is 1,000 files or sheets; beyond it, the command
        writes nothing and requires --single-file. A file appears when it is complete.
        The command follows symbolic links, and writes into pipes and devices. It
        replaces a file of another kind than FORMAT only with --force, and never a file
        of the log directory.
        """,
        [
            "afterimage export .afterimage-monitoring --format parquet --out run.parquet",
            "afterimage export runs/today --format excel --shape records --out today.xlsx",
            "afterimage export runs/today --format csv --metric generation_time \\\n"
                + "    --since 2026-11-23T14:00Z --single-file --out latency.csv",
            "afterimage export --format csv --since 1h --out - | head\n# the last hour of the newest run, to standard output",
        ]);

    public static Command Create()
    {
        var input = new LogInput();
        var format = new Option<ExportFormat>("--format")
        {
            Description = "Write this format.",
            HelpName = "json|csv|excel|parquet",
            Required = true,
        };
        var shape = new Option<ExportShape>("--shape")
        {
            Description = "Write a row for each point or for each record. [default: points]",
            HelpName = "points|records",
        };
        var output = new Option<string>("--out")
        {
            Description = "Write to this file, or to standard output (-).",
            HelpName = "PATH|-",
            Required = true,
        };
        var metric = new Option<string?>("--metric")
        {
            Description = "Export only the points of this metric. [default: all metrics]",
            HelpName = "NAME",
        };
        var single = new Option<bool>("--single-file")
        {
            Description = "Write CSV of points to one file, Excel to one sheet, not one per metric.",
        };
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
                SingleFile = parsed.GetValue(single)
                    || (parsed.GetValue(format) == ExportFormat.Csv && OutputFile.IsStandardOutput(path)),
                ReplacesOtherFiles = parsed.GetValue(force),
            };
            if (options is { Shape: ExportShape.Records, MetricName: not null })
                throw new InputException("--metric must not be combined with --shape records.");
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
