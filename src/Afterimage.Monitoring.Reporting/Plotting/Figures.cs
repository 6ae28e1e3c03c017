using System.Globalization;
using ScottPlot;

namespace Afterimage.Monitoring.Reporting.Plotting;

/// <summary>The figures, each from a source of points.</summary>
internal static class Figures
{
    private const string Scores = "evaluation_score_";
    private const int RollingWindow = 10;
    private const int MaxModels = 12;

    /// <summary>One metric over time.</summary>
    public static Plot Metric(IMetricSource source, string metric, int rollingWindow)
    {
        (string title, string unit) = Describe(metric);
        Plot plot = Figure.Create(title, unit);
        MetricPoints points = source.Read(metric);
        if (points.Count == 0)
        {
            Figure.SayNoData(plot);
            return plot;
        }

        Figure.AddSeries(plot, points, rollingWindow, 0, null, withPoints: true);
        Figure.FinishTime(plot, Time(points.UtcTicks[0]), Time(points.UtcTicks[^1]));
        return plot;
    }

    /// <summary>All figures whose data exist, by name.</summary>
    public static IReadOnlyDictionary<string, Plot> All(IMetricSource source)
    {
        var figures = new SortedDictionary<string, Plot>(StringComparer.Ordinal);
        foreach (string metric in (string[])["generation_time", "total_token_count", "prompt_token_count", "completion_token_count", "evaluation_time", "time_to_first_token"])
        {
            if (source.MetricNames.Contains(metric))
                figures.Add(metric, Metric(source, metric, RollingWindow));
        }

        AddLines("success_error_rate", "Success and errors", "share of generations (%)", ["success_rate", "error_rate"], name => name == "success_rate" ? "success" : "error", 100);
        AddLines(
            "evaluation_scores", "Evaluation scores", "score", [.. source.MetricNames.Where(name => name.StartsWith(Scores, StringComparison.Ordinal)).Order(StringComparer.Ordinal)], name => name[Scores.Length..], 1);
        AddThroughput();
        AddLatencyByModel();
        return figures;

        void AddLines(string name, string title, string unit, string[] metrics, Func<string, string> label, double scale)
        {
            (string Metric, MetricPoints Points)[] series = [.. metrics.Where(source.MetricNames.Contains).Select(metric => (metric, source.Read(metric)))];
            if (series.Length == 0)
                return;

            int left = series.Length - Figure.MaxSeries;
            Plot plot = Figure.Create(left > 0 ? string.Create(CultureInfo.InvariantCulture, $"{title} ({Figure.MaxSeries} of {series.Length})") : title, unit);
            series = [.. series.OrderByDescending(s => s.Points.Count).Take(Figure.MaxSeries).OrderBy(s => Array.IndexOf(metrics, s.Metric))];
            for (int i = 0; i < series.Length; i++)
            {
                // A rate's mean of ten is a staircase: it takes more points to say anything.
                int window = scale == 100 ? Math.Clamp(series[i].Points.Count / 20, RollingWindow, 1000) : RollingWindow;
                MetricPoints scaled = new(series[i].Points.UtcTicks, [.. series[i].Points.Values.Select(value => value * scale)]);
                string shown = string.Create(CultureInfo.InvariantCulture, $"{label(series[i].Metric)} (mean of the last {window})");
                Figure.AddSeries(plot, scaled, window, i, shown, withPoints: false);
            }

            Figure.FinishTime(plot, Time(series.Min(s => s.Points.UtcTicks[0])), Time(series.Max(s => s.Points.UtcTicks[^1])), scale == 100 ? 104 : null);
            figures.Add(name, plot);
        }

        void AddThroughput()
        {
            const int MinParts = 5;
            const int MaxParts = 120;
            (string Metric, MetricPoints Points)[] series =
                [.. ((string[])["prompt_token_count", "completion_token_count"]).Select(metric => (metric, source.Read(metric))).Where(s => s.Item2.Count > 1)];
            if (series.Length == 0)
                return;

            long first = series.Min(s => s.Points.UtcTicks[0]);
            long last = series.Max(s => s.Points.UtcTicks[^1]);
            if (first == last)
                return;

            // Whole seconds, and enough of them that a part has more than a point or two.
            double parts = Math.Clamp(series.Max(s => s.Points.Count) / 10, MinParts, MaxParts);
            long width = Math.Max(TimeSpan.TicksPerSecond, (long)Math.Ceiling((last - first) / parts / TimeSpan.TicksPerSecond) * TimeSpan.TicksPerSecond);
            Plot plot = Figure.Create("Tokens per second", string.Create(CultureInfo.InvariantCulture, $"tokens / s (means over {width / TimeSpan.TicksPerSecond} s)"));
            for (int i = 0; i < series.Length; i++)
            {
                // What is past the last whole part would look like an end of the work.
                var sums = new double[Math.Max(1, (last - first) / width)];
                for (int point = 0; point < series[i].Points.Count && (series[i].Points.UtcTicks[point] - first) / width < sums.Length; point++)
                    sums[(series[i].Points.UtcTicks[point] - first) / width] += series[i].Points.Values[point];

                double seconds = width / (double)TimeSpan.TicksPerSecond;
                MetricPoints rate = new([.. sums.Select((_, part) => first + (width * part) + (width / 2))], [.. sums.Select(sum => sum / seconds)]);
                Figure.AddSeries(plot, rate, 1, i, series[i].Metric == "prompt_token_count" ? "prompt" : "completion", withPoints: false);
            }

            Figure.FinishTime(plot, Time(first), Time(Math.Max(last, first + width)));
            figures.Add("tokens_per_second", plot);
        }

        void AddLatencyByModel()
        {
            IReadOnlyList<(string Model, double[] Values)> models = source.ReadByModel("generation_time");
            if (models.Count == 0)
                return;

            string title = models.Count > MaxModels
                ? string.Create(CultureInfo.InvariantCulture, $"Generation time by model (the {MaxModels} most used of {models.Count})")
                : "Generation time by model";
            Plot plot = Figure.Create(title, "");
            (string Model, double[] Values)[] shown = [.. models.Take(MaxModels)];
            double right = 0;
            for (int i = 0; i < shown.Length; i++)
            {
                double y = shown.Length - i;
                double[] sorted = [.. shown[i].Values.Order()];
                right = Math.Max(right, Buckets.Quantile(sorted, 0.99));
                Bar(sorted, 0.05, 0.95, y, 2.5f, "5 % to 95 %", isFirst: i == 0);
                Bar(sorted, 0.25, 0.75, y, 14, "25 % to 75 %", isFirst: i == 0);
                Mark(Buckets.Quantile(sorted, 0.5), y, MarkerShape.FilledCircle, 11, Figure.ColorOf(1), "median", isFirst: i == 0);
                Mark(Buckets.Quantile(sorted, 0.99), y, MarkerShape.FilledDiamond, 9, Figure.ColorOf(2), "99 %", isFirst: i == 0);
            }

            plot.Axes.Left.SetTicks([.. shown.Select((_, i) => (double)(shown.Length - i))], [.. shown.Select(model => Format.Name(model.Model, 24))]);
            plot.Axes.Left.MajorTickStyle.Length = 0;
            plot.Axes.Left.TickLabelStyle.FontSize = 14;
            plot.Axes.Bottom.Label.Text = "generation time (s)";
            plot.Axes.SetLimits(0, right == 0 ? 1 : right * 1.08, 0.4, shown.Length + 0.6);
            Figure.ShowLegend(plot);
            figures.Add("latency_by_model", plot);

            void Bar(double[] sorted, double from, double to, double y, float width, string label, bool isFirst)
            {
                ScottPlot.Plottables.Scatter bar = plot.Add.ScatterLine((double[])[Buckets.Quantile(sorted, from), Buckets.Quantile(sorted, to)], (double[])[y, y]);
                bar.Color = Figure.ColorOf(0).WithAlpha(width > 10 ? 0.45 : 0.9);
                bar.LineWidth = width;
                bar.LegendText = isFirst ? label : "";
            }

            void Mark(double x, double y, MarkerShape shape, float size, Color color, string label, bool isFirst)
            {
                ScottPlot.Plottables.Marker mark = plot.Add.Marker(x, y, shape, size, color);
                mark.LegendText = isFirst ? label : "";
            }
        }
    }

    private static DateTime Time(long ticks) => new(ticks, DateTimeKind.Utc);

    private static (string Title, string Unit) Describe(string metric) => metric switch
    {
        "generation_time" => ("Generation time", "seconds"),
        "evaluation_time" => ("Evaluation time", "seconds"),
        "time_to_first_token" => ("Time to first token", "seconds"),
        "prompt_token_count" => ("Prompt tokens", "tokens a call"),
        "completion_token_count" => ("Completion tokens", "tokens a call"),
        "total_token_count" => ("Total tokens", "tokens a call"),
        "conversation_length" => ("Conversation length", "turns"),
        "success_rate" => ("Success rate", "share (1 = all)"),
        "error_rate" or "evaluation_error_rate" => (metric == "error_rate" ? "Error rate" : "Evaluation error rate", "share (1 = all)"),
        _ when metric.StartsWith(Scores, StringComparison.Ordinal) => ("Evaluation score: " + metric[Scores.Length..], "score"),
        _ => (metric, "value"),
    };
}
