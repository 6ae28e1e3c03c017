using System.CommandLine;
using System.CommandLine.Parsing;
using System.Data.Common;
using System.Globalization;
using Afterimage.Cli.CommandLine;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage plot</c>: a metric of a log directory as a picture, or all figures.</summary>
internal static class PlotCommand
{
    public const string Name = "plot";

    public static readonly CommandHelp Help = new(
        """
        Time is UTC. More than 2,000 points are drawn as the band that 5 % to 95 % of
        them lie in; the line is the rolling mean, broken where nothing happened for
        long. Without METRIC all figures are written into the directory PATH: success
        and errors, times, tokens, scores, tokens per second, latency by model, cost;
        each where its data exist.
        """,
        [
            "afterimage plot .afterimage-monitoring generation_time --out latency.png",
            "afterimage plot runs/today time_to_first_token --rolling 100 --out ttft.svg",
            "afterimage plot runs/today --out figures",
        ]);

    private const int DefaultRolling = 10;

    public static Command Create()
    {
        Argument<string> directory = LogInput.Argument();
        var metric = new Argument<string?>("METRIC")
        {
            Description = "The metric. [default: all figures]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var output = new Option<string>("--out")
        {
            Description = "The file, .png or .svg; without METRIC a directory.",
            HelpName = "PATH",
            Required = true,
        };
        var rolling = new Option<int>("--rolling")
        {
            Description = "Points that the mean is over.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultRolling,
            CustomParser = ParseRolling,
        };
        var command = new Command(Name, "Draw a metric over time, or all figures, as PNG or SVG.") { directory, metric, output, rolling };
        command.SetAction((parsed, cancellationToken) => LogInput.UseAsync(
            parsed.GetRequiredValue(directory),
            log => Task.FromResult(parsed.GetValue(metric) is { } name
                ? Draw(log, name, parsed.GetRequiredValue(output), parsed.GetValue(rolling), cancellationToken)
                : DrawAll(log, parsed.GetRequiredValue(output), cancellationToken))));
        return command;
    }

    private static int ParseRolling(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int rolling) || rolling < 1)
            result.AddError($"--rolling is '{Format.Name(text, 40)}', which is no whole number from 1.");
        return rolling;
    }

    private static int Draw(LogDirectory log, string metric, string path, int rolling, CancellationToken cancellationToken)
    {
        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension is not (".png" or ".svg"))
            throw new InputException($"--out is '{Format.Name(path, 200)}': a figure's file ends in .png or .svg.");
        ThrowIfUnknown(log, metric, cancellationToken);

        var size = new FigureSize(12, 8);
        ScottPlot.Plot plot = log.PlotMetric(metric, window: null, rolling, size, cancellationToken);
        string fullPath = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(fullPath)!);
        byte[] figure = extension == ".png"
            ? plot.GetImageBytes(size.PixelWidth, size.PixelHeight, ScottPlot.ImageFormat.Png)
            : System.Text.Encoding.UTF8.GetBytes(plot.GetSvgXml(size.PixelWidth, size.PixelHeight));
        File.WriteAllBytes(fullPath, figure);
        Console.WriteLine(fullPath);
        return ExitCodes.Success;
    }

    private static int DrawAll(LogDirectory log, string directory, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, ScottPlot.Plot> figures = log.VisualizeMetrics(directory, cancellationToken: cancellationToken);
        if (figures.Count == 0)
            throw new InputException($"'{log.Path}' has no records to draw.");
        foreach (string name in figures.Keys)
            Console.WriteLine(Path.Combine(Path.GetFullPath(directory), name + ".png"));
        return ExitCodes.Success;
    }

    private static void ThrowIfUnknown(LogDirectory log, string metric, CancellationToken cancellationToken)
    {
        const int Shown = 8;
        using LogQuery query = log.Query(
            "SELECT metric FROM points WHERE isfinite(value) GROUP BY ALL ORDER BY count(*) DESC, metric",
            cancellationToken);
        DbDataReader reader = query.Reader;
        List<string> metrics = [];
        while (reader.Read())
            metrics.Add(reader.GetString(0));

        if (metrics.Contains(metric))
            return;
        string known = string.Join(", ", metrics.Take(Shown).Select(name => Format.Name(name, 40)));
        string more = metrics.Count > Shown ? $" and {metrics.Count - Shown} more" : "";
        throw new InputException($"There is no metric '{Format.Name(metric, 80)}' in '{log.Path}'; there are: {known}{more}.");
    }
}
