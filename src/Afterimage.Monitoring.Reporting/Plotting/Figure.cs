using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Afterimage.Monitoring.Reporting.Plotting;

/// <summary>The look of all figures.</summary>
internal static class Figure
{
    private const int MaxTitle = 90;

    private static readonly Color Ink = Color.FromHex("#24292f");
    private static readonly Color Faint = Color.FromHex("#57606a");
    private static readonly Color Grid = Color.FromHex("#e4e8ec");

    // Distinct for the colour-blind too: Okabe and Ito, "Color Universal Design" (2008), without black and yellow.
    private static readonly Color[] Palette =
        [.. ((string[])["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]).Select(Color.FromHex)];

    public static int MaxSeries => Palette.Length;

    public static Color ColorOf(int series) => Palette[series % Palette.Length];

    public static Plot Create(string title, string yLabel)
    {
        var plot = new Plot();
        EmbeddedFont.Use(plot);
        plot.FigureBackground.Color = Colors.White;
        plot.DataBackground.Color = Colors.White;
        plot.Axes.Color(Faint);
        plot.Axes.Title.Label.Text = Format.Name(title, MaxTitle);
        plot.Axes.Title.Label.FontSize = 20;
        plot.Axes.Title.Label.Bold = false;
        plot.Axes.Title.Label.ForeColor = Ink;
        plot.Axes.Left.Label.Text = yLabel;
        foreach (IAxis axis in (IAxis[])[plot.Axes.Left, plot.Axes.Bottom])
        {
            axis.Label.FontSize = 15;
            axis.Label.Bold = false;
            axis.Label.ForeColor = Ink;
            axis.TickLabelStyle.FontSize = 14;
            axis.MinorTickStyle.Length = 0;
        }

        // Room between the label, the figure's edge and the longest of the usual numbers.
        plot.Axes.Left.Label.OffsetX = 8;
        plot.Axes.Left.MinimumSize = 88;
        plot.Axes.Left.TickGenerator = new NumericAutomatic { TargetTickCount = 8 };

        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Grid.MajorLineColor = Grid;

        // A label at the right end would be cut off.
        plot.Axes.Right.MinimumSize = 44;
        plot.Legend.FontSize = 14;
        plot.Legend.FontName = EmbeddedFont.Name;
        plot.Legend.FontColor = Ink;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.Orientation = Orientation.Horizontal;
        return plot;
    }

    /// <summary>Says that there is nothing to draw.</summary>
    public static void SayNoData(Plot plot)
    {
        plot.Axes.SetLimits(0, 1, 0, 1);
        ScottPlot.Plottables.Text text = plot.Add.Text("no data in this window", 0.5, 0.5);
        text.LabelFontName = EmbeddedFont.Name;
        text.LabelFontSize = 18;
        text.LabelFontColor = Faint;
        text.LabelAlignment = Alignment.MiddleCenter;
        plot.HideGrid();
        plot.Axes.Bottom.TickGenerator = new EmptyTickGenerator();
        plot.Axes.Left.TickGenerator = new EmptyTickGenerator();
    }

    /// <summary>Draws points or the band that most of them lie in, and the rolling mean over them.</summary>
    /// <param name="plot">The figure.</param>
    /// <param name="points">The points, at least one.</param>
    /// <param name="rollingWindow">Points that the mean is over.</param>
    /// <param name="series">The number of the series, which is its colour.</param>
    /// <param name="label">Its name in the legend; <see langword="null"/> for the only series.</param>
    /// <param name="withPoints">Whether more than the mean is drawn.</param>
    public static void AddSeries(Plot plot, MetricPoints points, int rollingWindow, int series, string? label, bool withPoints)
    {
        Buckets buckets = Buckets.Of(points, rollingWindow);
        double[] times = [.. buckets.Times.Select(time => time.ToOADate())];
        Color color = ColorOf(series);
        if (withPoints && buckets.AreBuckets)
        {
            ScottPlot.Plottables.FillY band = plot.Add.FillY(times, buckets.Low, buckets.High);
            band.FillColor = color.WithAlpha(0.22);
            band.LineWidth = 0;
            band.MarkerSize = 0;
            band.LegendText = "5 % to 95 % of the points";
        }
        else if (withPoints)
        {
            ScottPlot.Plottables.Scatter dots = plot.Add.ScatterPoints(times, buckets.High);
            dots.Color = color.WithAlpha(points.Count > 300 ? 0.3 : 0.5);
            dots.MarkerSize = points.Count > 300 ? 5 : 8;
            dots.LegendText = "points";
        }

        ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(times, buckets.Means);
        line.Color = color;
        line.LineWidth = 2.5f;
        line.MarkerSize = buckets.Means.Length == 1 ? 8 : 0;
        line.LegendText = label is null ? string.Create(CultureInfo.InvariantCulture, $"mean of the last {rollingWindow}") : Format.Name(label, 40);
    }

    /// <summary>Ends a figure over time: its axes, in UTC, and a legend.</summary>
    public static void FinishTime(Plot plot, DateTime first, DateTime last, double? yTop = null)
    {
        plot.Axes.DateTimeTicksBottom();
        bool withDay = first.Date != last.Date;
        TimeSpan span = last - first;
        ((DateTimeAutomatic)plot.Axes.Bottom.TickGenerator).LabelFormatter = time =>
            time.ToString(span.TotalDays > 3 ? "yyyy-MM-dd" : withDay ? "MM-dd HH:mm" : span.TotalMinutes > 10 ? "HH:mm" : span.TotalSeconds > 5 ? "HH:mm:ss" : "HH:mm:ss.fff", CultureInfo.InvariantCulture);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 14;
        plot.Axes.Bottom.TickLabelStyle.FontName = EmbeddedFont.Name;
        plot.Axes.Bottom.TickLabelStyle.ForeColor = Faint;
        plot.Axes.Bottom.Label.Text = withDay
            ? string.Create(CultureInfo.InvariantCulture, $"time (UTC), {first:yyyy-MM-dd} to {last:yyyy-MM-dd}")
            : string.Create(CultureInfo.InvariantCulture, $"time (UTC), {first:yyyy-MM-dd}");
        plot.Axes.Bottom.MinorTickStyle.Length = 0;
        plot.Axes.Bottom.Label.FontName = EmbeddedFont.Name;
        plot.Axes.Bottom.Label.FontSize = 15;
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Bottom.Label.ForeColor = Ink;

        plot.Axes.AutoScale();
        AxisLimits limits = plot.Axes.GetLimits();
        double margin = Math.Max(span.TotalDays * 0.02, TimeSpan.FromMilliseconds(500).TotalDays / 2);
        double top = yTop ?? (limits.Top == limits.Bottom ? limits.Top + 1 : limits.Top + ((limits.Top - limits.Bottom) * 0.12));


        // A line at nought must show over the axis.
        double foot = top * -0.012;
        double bottom = limits.Bottom >= 0 || yTop is not null || Math.Abs(limits.Bottom) < Math.Abs(limits.Top) * 0.12 ? foot : limits.Bottom;
        plot.Axes.SetLimits(first.ToOADate() - margin, last.ToOADate() + margin, bottom, top);
        ShowLegend(plot);
    }

    /// <summary>Shows the legend above the data, which it must not hide.</summary>
    public static void ShowLegend(Plot plot)
    {
        ScottPlot.Panels.LegendPanel panel = plot.ShowLegend(Edge.Top);
        panel.Alignment = Alignment.MiddleRight;
        panel.Padding = new PixelPadding(0);
    }
}
