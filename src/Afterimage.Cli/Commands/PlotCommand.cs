using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Monitoring;
using Afterimage.Monitoring.Reporting.Exporting;
using Afterimage.Monitoring.Reporting.Figures;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage plot</c>: draws one metric of a log directory, or all figures.</summary>
internal static class PlotCommand
{
    public const string Name = "plot";

    public static readonly CommandHelp Help = new(
        """
        Times are UTC. More than 2,000 points are drawn as a band from their 5 % to
        their 95 % quantile. The line is the rolling mean; it has gaps where nothing was
        recorded for long. Without METRIC, the command writes all figures that have data
        into the directory PATH: success and errors, times, tokens, scores, tokens per
        second, latency by model, cost. The last argument is METRIC unless it is a
        directory or the name of a run. The command replaces a file of another kind only
        with --force.
        """,
        [
            "afterimage plot .afterimage-monitoring generation_time --out latency.png",
            "afterimage plot runs/today time_to_first_token --rolling 100 --out ttft.svg",
            "afterimage plot runs/today --out figures",
            "afterimage plot generation_time --since 1h --out -  > latency.png\n# the newest run below ./.afterimage-monitoring",
        ]);

    private const int DefaultRolling = 10;

    public static Command Create()
    {
        var input = new LogInput("METRIC");
        var output = new Option<string>("--out")
        {
            Description = "Write to this .png or .svg file, or a PNG to standard output (-). Without METRIC, write to this directory.",
            HelpName = "PATH|-",
            Required = true,
        };
        var rolling = new Option<int>("--rolling")
        {
            Description = "Draw the mean of the last N points.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultRolling,
            CustomParser = result => WholeNumber.Parse(result, "--rolling", 1),
        };
        Option<bool> force = OutputFile.Force();
        var command = new Command(Name, "Draw a metric over time, or all figures, as PNG or SVG.") { output, rolling, force };
        input.Directories.Arity = ArgumentArity.ZeroOrMore;
        input.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            // A metric is an argument that is neither a directory nor the name of a run. If it is the only argument, it must not look like
            // a path either.
            string[] given = parsed.GetValue(input.Directories) ?? [];
            bool isMetric = given is [.., var last]
                && !RunNames.IsKnown(last)
                && (given.Length > 1 || !last.Contains('/', StringComparison.Ordinal));
            string? metric = isMetric ? given[^1] : null;
            return input.UseAsync(
                parsed,
                metric is null ? given : given[..^1],
                log => metric is null
                    ? DrawAllAsync(log, parsed.GetRequiredValue(output), parsed.GetValue(force), cancellationToken)
                    : DrawAsync(
                        log,
                        metric,
                        parsed.GetRequiredValue(output),
                        parsed.GetValue(rolling),
                        parsed.GetValue(force),
                        cancellationToken),
                cancellationToken);
        });
        return command;
    }

    private static async Task<int> DrawAsync(
        LogDirectory log,
        string metric,
        string path,
        int rolling,
        bool force,
        CancellationToken cancellationToken)
    {
        bool isStandardOutput = OutputFile.IsStandardOutput(path);
        string extension = isStandardOutput ? ".png" : Path.GetExtension(path).ToLowerInvariant();
        if (extension is not (".png" or ".svg"))
            throw new InputException($"--out is '{Format.Name(path, 200)}', but the name of a figure must end in .png or .svg.");
        await MetricNames.ThrowIfUnknownAsync(log, metric, cancellationToken);

        var size = new FigureSize(12, 8);
        string written = await OutputFile.WriteAsync(path, extension, file => Task.Run(
            () =>
            {
                OutputKind kind = extension == ".png" ? OutputKind.Png : OutputKind.Svg;
                string fullPath = Path.GetFullPath(file);
                using var files = new StagedFiles(fullPath, new OutputRules(log.Paths, force), kind);
                string staged = files.Add(Path.GetFileName(fullPath), kind);
                ScottPlot.Plot plot = log.PlotMetric(metric, window: null, rolling, size, cancellationToken);
                File.WriteAllBytes(
                    staged,
                    kind == OutputKind.Png
                        ? plot.GetImageBytes(size.PixelWidth, size.PixelHeight, ScottPlot.ImageFormat.Png)
                        : System.Text.Encoding.UTF8.GetBytes(plot.GetSvgXml(size.PixelWidth, size.PixelHeight)));
                return files.Commit(cancellationToken)[0];
            },
            cancellationToken));
        if (!isStandardOutput)
            await Console.Out.WriteLineAsync(written);
        return ExitCodes.Success;
    }

    private static async Task<int> DrawAllAsync(LogDirectory log, string directory, bool force, CancellationToken cancellationToken)
    {
        if (OutputFile.IsStandardOutput(directory))
            throw new InputException("All figures can only be written to a directory. To draw to standard output, give a METRIC.");
        IReadOnlyDictionary<string, ScottPlot.Plot> figures = await Task.Run(
            () => log.SaveFigures(directory, FigureFiles.OverviewSize, new OutputRules(log.Paths, force), cancellationToken),
            cancellationToken);
        if (figures.Count == 0)
            throw new InputException($"'{log.Path}' has no records to draw.");
        foreach (string name in figures.Keys)
            await Console.Out.WriteLineAsync(Path.Combine(Path.GetFullPath(directory), name + ".png"));
        return ExitCodes.Success;
    }
}
