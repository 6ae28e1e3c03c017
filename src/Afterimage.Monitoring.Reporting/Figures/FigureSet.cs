using System.Globalization;
using ScottPlot;

namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>Draws the figures from a source of points.</summary>
internal sealed class FigureSet(IMetricSource source, FigureLook look)
{
    private const string Scores = "evaluation_score_";
    private const int RollingWindow = 10;
    private const int MaxModels = 12;

    /// <summary>One metric over time.</summary>
    public DrawnFigure Metric(string metric, int rollingWindow = RollingWindow)
    {
        (string title, string unit) = Describe(metric);
        Plot plot = Figure.Create(look, title, unit);
        MetricSeries series = source.Read(metric);
        SeriesExtent extent = series.Extent;
        if (extent.Count == 0)
        {
            Figure.SayNoData(plot);
            return new DrawnFigure(metric, plot, "No data.");
        }

        Figure.AddPoints(plot, series, Figure.Colors[0]);
        if (extent.Count > 1)
            Figure.AddMean(plot, series, rollingWindow, Figure.Colors[0], MeanOf(series, rollingWindow));
        Figure.FinishTime(plot, look, extent.FirstTicks, extent.LastTicks);
        return new DrawnFigure(
            metric,
            plot,
            $"{Format.Count(extent.Count)} points {Period(extent.FirstTicks, extent.LastTicks)}: {Values(extent)}.");
    }

    /// <summary>All figures whose data exist, in the order in which they are read.</summary>
    public IReadOnlyList<DrawnFigure> All()
    {
        string[] scores =
        [
            .. source.PointCounts.Keys.Where(name => name.StartsWith(Scores, StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        ];
        DrawnFigure?[] figures =
        [
            Rates(),
            Known("generation_time"),
            LatencyByModel(),
            Known("time_to_first_token"),
            Throughput(),
            Cost(),
            Known("total_token_count"),
            Known("prompt_token_count"),
            Known("completion_token_count"),
            Lines("evaluation_scores", "Evaluation scores", "score", scores, name => name[Scores.Length..]),
            Known("evaluation_time"),
        ];
        return [.. figures.OfType<DrawnFigure>()];
    }

    private DrawnFigure? Known(string metric) => source.PointCounts.ContainsKey(metric) ? Metric(metric) : null;

    private DrawnFigure? Rates() =>
        Lines(
            "success_error_rate",
            "Success and errors",
            "share of generations (%)",
            ["success_rate", "error_rate"],
            name => name == "success_rate" ? "success" : "error",
            isRate: true);

    private DrawnFigure? Lines(string name, string title, string unit, string[] metrics, Func<string, string> label, bool isRate = false)
    {
        string[] all = [.. metrics.Where(source.PointCounts.ContainsKey)];
        if (all.Length == 0)
            return null;

        HashSet<string> most = [.. all.OrderByDescending(metric => source.PointCounts[metric]).Take(Figure.Colors.Count)];
        MetricLine[] shown = [.. all.Where(most.Contains).Select(metric => new MetricLine(label(metric), source.Read(metric)))];
        Plot plot = Figure.Create(
            look,
            shown.Length < all.Length ? string.Create(CultureInfo.InvariantCulture, $"{title} ({shown.Length} of {all.Length})") : title,
            unit);
        for (int i = 0; i < shown.Length; i++)
        {
            // A rate's mean of ten is a staircase: it takes more points to say anything.
            MetricSeries series = isRate ? shown[i].Series.Times(100) : shown[i].Series;
            int window = isRate ? (int)Math.Clamp(series.Extent.Count / 20, RollingWindow, 1000) : RollingWindow;
            Figure.AddMean(
                plot,
                series,
                window,
                Figure.Colors[i],
                $"{Figure.Shown(look, Format.Name(shown[i].Label, 20))} ({MeanOf(series, window)})");
            shown[i] = shown[i] with { Series = series };
        }

        long first = shown.Min(line => line.Series.Extent.FirstTicks);
        long last = shown.Max(line => line.Series.Extent.LastTicks);
        Figure.FinishTime(plot, look, first, last, isRate ? 104 : null, fromNought: isRate);
        string values = string.Join("; ", shown.Select(line => isRate
            ? $"{line.Label} {Format.Percent(line.Series.Extent.Mean / 100)}"
            : $"{Format.Name(line.Label, 40)}: {Format.Count(line.Series.Extent.Count)} points, {Values(line.Series.Extent)}"));
        return new DrawnFigure(name, plot, $"{(isRate ? "Shares of all generations" : "Means")} {Period(first, last)}: {values}.");
    }

    private DrawnFigure? Throughput()
    {
        const int MinParts = 5;
        const int MaxParts = 120;
        SeriesExtent prompt = source.ReadExtent("prompt_token_count");
        SeriesExtent completion = source.ReadExtent("completion_token_count");
        SeriesExtent[] extents = [.. ((SeriesExtent[])[prompt, completion]).Where(extent => extent.Count > 1)];
        if (extents.Length == 0)
            return null;

        SeriesExtent extent = new(extents.Max(e => e.Count), extents.Min(e => e.FirstTicks), extents.Max(e => e.LastTicks), 0, 0, 0);
        if (extent.FirstTicks == extent.LastTicks)
            return null;

        // Whole seconds, and enough of them that a part has more than a point or two.
        TimeGrid grid = TimeGrid.Over(extent, (int)Math.Clamp(extent.Count / 10, MinParts, MaxParts), TimeSpan.TicksPerSecond);
        double seconds = grid.Width / (double)TimeSpan.TicksPerSecond;

        // What is past the last whole part would look like an end of the work.
        int parts = Math.Max(1, (int)((extent.LastTicks - grid.FirstTicks) / grid.Width));
        Plot plot = Figure.Create(
            look,
            "Tokens per second",
            string.Create(CultureInfo.InvariantCulture, $"tokens / s (means over {seconds:0} s)"));
        List<string> rates = [];
        Add("prompt_token_count", "prompt", prompt, 0);
        Add("completion_token_count", "completion", completion, 1);
        long last = Math.Max(extent.LastTicks, grid.FirstTicks + grid.Width);
        Figure.FinishTime(plot, look, extent.FirstTicks, last);
        return new DrawnFigure(
            "tokens_per_second",
            plot,
            $"Tokens of all calls {Period(extent.FirstTicks, extent.LastTicks)}: {string.Join("; ", rates)}.");

        void Add(string metric, string label, SeriesExtent known, int color)
        {
            if (known.Count <= 1)
                return;

            double[] sums = source.SumsByModel(metric, grid, maxModels: 0).Models[0].Sums;
            double[] rate = [.. sums.Take(parts).Select(sum => sum / seconds)];
            var series = new MetricSeries(
                extent,
                [.. rate.Select((value, part) => new SeriesMark(grid.Middle(part), 1, value, value, value))]);
            Figure.AddMean(plot, series, 1, Figure.Colors[color], label);
            rates.Add($"{label} {Format.Value(rate.Average())} a second on average, up to {Format.Value(rate.Max())}");
        }
    }

    private DrawnFigure? Cost()
    {
        const string Metric = "cost_usd";
        const int Parts = 200;
        SeriesExtent extent = source.ReadExtent(Metric);
        if (extent.Count == 0)
            return null;

        // What a moment cost shows as a step, which takes a while.
        extent = extent with { LastTicks = Math.Max(extent.LastTicks, extent.FirstTicks + TimeSpan.TicksPerSecond) };
        TimeGrid grid = TimeGrid.Over(extent, Parts);
        (IReadOnlyList<ModelSums> models, int others) = source.SumsByModel(Metric, grid, Figure.Colors.Count - 1);
        double[] times = [.. Enumerable.Range(0, grid.Count + 1).Select(part => Figure.X(grid.FirstTicks + (part * grid.Width)))];
        double[] lower = new double[times.Length];
        Plot plot = Figure.Create(look, "Cost so far", "US dollars, cumulative");
        List<string> shares = [];
        for (int i = 0; i < models.Count; i++)
        {
            double[] upper = new double[times.Length];
            double sum = 0;
            for (int time = 0; time < times.Length; time++)
            {
                upper[time] = lower[time] + sum;
                if (time < grid.Count)
                    sum += models[i].Sums[time];
            }

            string name =
                models[i].Model is { } model ? Format.Name(model, 24)
                : others == 1 ? "1 other model"
                : string.Create(CultureInfo.InvariantCulture, $"{others} other models");
            shares.Add($"{name} {Format.Dollars(sum)}");
            Figure.AddArea(plot, times, lower, upper, Figure.Colors[i], Figure.Shown(look, shares[^1]));
            lower = upper;
        }

        Figure.FinishTime(plot, look, extent.FirstTicks, extent.LastTicks);
        return new DrawnFigure(
            "cost",
            plot,
            $"{Format.Dollars(lower[^1])} in all {Period(extent.FirstTicks, extent.LastTicks)}: {string.Join("; ", shares)}.");
    }

    private DrawnFigure? LatencyByModel()
    {
        (IReadOnlyList<ModelQuantiles> all, int count) = source.LatencyByModel;
        if (count == 0)
            return null;

        ModelQuantiles[] models = [.. all.Take(MaxModels)];
        string title = count > MaxModels
            ? string.Create(CultureInfo.InvariantCulture, $"Generation time by model (the {MaxModels} most used of {count})")
            : "Generation time by model";
        Plot plot = Figure.Create(look, title, "model");
        float scale = look == FigureLook.Picture ? 1 : 0.7f;
        for (int i = 0; i < models.Length; i++)
        {
            ModelQuantiles model = models[i];
            double y = models.Length - i;
            Bar(model.P5, model.P95, y, 2.5f, "5 % to 95 %", isFirst: i == 0);
            Bar(model.P25, model.P75, y, 14 * scale, "25 % to 75 %", isFirst: i == 0);
            Mark(model.P50, y, MarkerShape.FilledCircle, 11 * scale, Figure.Colors[1], "median", isFirst: i == 0);
            Mark(model.P99, y, MarkerShape.FilledDiamond, 11 * scale, Figure.Colors[2], "99 %", isFirst: i == 0);
        }

        string[] labels = [.. models.Select(model => Format.Name(model.Model, look == FigureLook.Picture ? 24 : 18))];
        plot.Axes.Left.SetTicks([.. models.Select((_, i) => (double)(models.Length - i))], [.. labels.Select(EmbeddedFont.Drawable)]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
        {
            TargetTickCount = look == FigureLook.Picture ? 8 : 5,
        };
        plot.Axes.Bottom.Label.Text = "generation time (s)";
        double right = models.Max(model => Figure.Drawn(model.P99));
        plot.Axes.SetLimits(0, right > 0 ? right * 1.08 : 1, 0.4, models.Length + 0.6);
        Figure.ShowLegend(plot, look);
        return new DrawnFigure(
            "latency_by_model",
            plot,
            "Median and 95 % of generation times: "
                + string.Join(
                    "; ",
                    models.Select(model => $"{Format.Name(model.Model, 40)} {Format.Seconds(model.P50)} and {Format.Seconds(model.P95)}"))
                + ".")
        {
            Labels = labels,
        };

        void Bar(double from, double to, double y, float width, string label, bool isFirst)
        {
            ScottPlot.Plottables.Scatter bar = plot.Add.ScatterLine((double[])[Figure.Drawn(from), Figure.Drawn(to)], (double[])[y, y]);
            bar.Color = Figure.Colors[0].WithAlpha(width > 5 ? 0.45 : 0.9);
            bar.LineWidth = width;
            bar.LegendText = isFirst ? label : "";
        }

        void Mark(double x, double y, MarkerShape shape, float size, Color color, string label, bool isFirst)
        {
            ScottPlot.Plottables.Marker mark = plot.Add.Marker(Figure.Drawn(x), y, shape, size, color);
            mark.LegendText = isFirst ? label : "";
        }
    }

    private static string MeanOf(MetricSeries series, int rollingWindow)
    {
        if (!series.IsInParts || series.Marks.Min(mark => mark.Count) < rollingWindow)
            return string.Create(CultureInfo.InvariantCulture, $"mean of the last {rollingWindow:N0}");

        // A mark of more points than the mean is asked for is their mean.
        var width = TimeSpan.FromTicks(MetricSeries.GridOf(series.Extent).Width);
        return "mean of each "
            + (
                width.TotalMinutes < 1
                    ? string.Create(CultureInfo.InvariantCulture, $"{width.TotalSeconds:0.##} s")
                    : Format.Duration(width));
    }

    private static string Values(SeriesExtent extent) =>
        $"mean {Format.Value(extent.Mean)}, from {Format.Value(extent.Min)} to {Format.Value(extent.Max)}";

    private static string Period(long firstTicks, long lastTicks) =>
        $"from {Format.Time(new DateTimeOffset(firstTicks, TimeSpan.Zero))} to {Format.Time(new DateTimeOffset(lastTicks, TimeSpan.Zero))}";

    /// <summary>The unit of a metric's values.</summary>
    public static string UnitOf(string metric) => Describe(metric).Unit;

    private static (string Title, string Unit) Describe(string metric) => metric switch
    {
        "generation_time" => ("Generation time", "seconds"),
        "evaluation_time" => ("Evaluation time", "seconds"),
        "time_to_first_token" => ("Time to first token", "seconds"),
        "prompt_token_count" => ("Prompt tokens", "tokens a call"),
        "completion_token_count" => ("Completion tokens", "tokens a call"),
        "total_token_count" => ("Total tokens", "tokens a call"),
        "unpriced_token_count" => ("Unpriced tokens", "tokens a call"),
        "usage_missing" => ("Calls without usage", "calls"),
        "cost_usd" => ("Cost", "US dollars a call"),
        "conversation_length" => ("Conversation length", "turns"),
        "success_rate" => ("Success rate", "share (1 = all)"),
        "error_rate" or "evaluation_error_rate" => (metric == "error_rate" ? "Error rate" : "Evaluation error rate", "share (1 = all)"),
        _ when metric.StartsWith(Scores, StringComparison.Ordinal) => ("Evaluation score: " + metric[Scores.Length..], "score"),
        _ => (metric, "value"),
    };

    private sealed record MetricLine(string Label, MetricSeries Series);
}
