using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>The look of all figures.</summary>
internal static class Figure
{
    public static readonly Color Ink = Color.FromHex("#24292f");
    public static readonly Color Faint = Color.FromHex("#57606a");
    public static readonly Color Grid = Color.FromHex("#e4e8ec");

    // Distinct for the colour-blind too: Okabe and Ito, "Color Universal Design" (2008), without black and yellow.
    private static readonly Color[] Palette =
        [.. ((string[])["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]).Select(Color.FromHex)];

    private const int MaxTitle = 90;
    private const int MaxLegendAbove = 90;

    // ScottPlot reckons with the span of an axis and its squares; nobody measures what is larger, but a figure must not fail at it.
    private const double Highest = 1e290;

    // A point alone has no time around it that says how much of it to show.
    private static readonly TimeSpan LeastSpan = TimeSpan.FromSeconds(10);

    // OLE automation dates, in which ScottPlot counts, begin here.
    private static readonly DateTime Earliest = new(100, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static IReadOnlyList<Color> Colors => Palette;

    public static Plot Create(FigureLook look, string title, string yLabel)
    {
        bool isPicture = look == FigureLook.Picture;
        var plot = new Plot();
        EmbeddedFont.Use(plot);
        plot.FigureBackground.Color = ScottPlot.Colors.White;
        plot.DataBackground.Color = ScottPlot.Colors.White;
        plot.Axes.Title.Label.Text = Shown(look, Format.Name(title, MaxTitle));
        plot.Axes.Title.Label.FontSize = 20;
        plot.Axes.Title.Label.Bold = false;
        plot.Axes.Title.Label.ForeColor = Ink;
        plot.Axes.Title.IsVisible = isPicture;
        plot.Axes.Left.Label.Text = yLabel;
        plot.Axes.Left.TickGenerator = new NumericAutomatic { TargetTickCount = isPicture ? 8 : 5 };

        // Room between the label, the figure's edge and the longest of the usual numbers.
        ((ScottPlot.AxisPanels.LeftAxis)plot.Axes.Left).PaddingOutsideAxisLabels = new PixelPadding(isPicture ? 8 : 4);
        plot.Axes.Left.MinimumSize = isPicture ? 88 : 56;
        StyleAxis(plot.Axes.Left, look);
        StyleAxis(plot.Axes.Bottom, look);

        // A label at the right end would be cut off.
        plot.Axes.Right.MinimumSize = isPicture ? 44 : 24;
        plot.Axes.Top.MinimumSize = 10;
        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Grid.MajorLineColor = Grid;
        plot.Legend.FontSize = 14;
        plot.Legend.FontName = EmbeddedFont.Name;
        plot.Legend.FontColor = Ink;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = ScottPlot.Colors.Transparent;
        plot.Legend.TightHorizontalWrapping = true;
        plot.Legend.InterItemPadding = new PixelPadding(10, 4);
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

    /// <summary>Draws the points, or the band that most of them lie in.</summary>
    public static void AddPoints(Plot plot, MetricSeries series, Color color)
    {
        if (!series.IsInParts)
        {
            ScottPlot.Plottables.Scatter dots = plot.Add.ScatterPoints(
                (double[])[.. series.Marks.Select(mark => X(mark.UtcTicks))],
                (double[])[.. series.Marks.Select(mark => Drawn(mark.Mean))]);
            dots.Color = color.WithAlpha(series.Marks.Length > 300 ? 0.3 : 0.5);
            dots.MarkerSize = series.Marks.Length > 300 ? 5 : 8;
            dots.LegendText = series.Marks.Length == 1 ? "one point" : "points";
            return;
        }

        string legend = "5 % to 95 % of the points";
        foreach (System.Range stretch in series.Stretches())
        {
            SeriesMark[] marks = series.Marks[stretch];
            ScottPlot.Plottables.FillY band = plot.Add.FillY(
                (double[])[.. marks.Select(mark => X(mark.UtcTicks))],
                (double[])[.. marks.Select(mark => Drawn(mark.Low))],
                (double[])[.. marks.Select(mark => Drawn(mark.High))]);
            band.FillColor = color.WithAlpha(0.22);
            band.LineWidth = 0;
            band.MarkerSize = 0;
            band.LegendText = legend;
            legend = "";
        }
    }

    /// <summary>Draws the rolling mean, broken where nothing happened for long.</summary>
    /// <param name="plot">The figure.</param>
    /// <param name="series">The points, at least one.</param>
    /// <param name="rollingWindow">Points that the mean is over.</param>
    /// <param name="color">The colour.</param>
    /// <param name="label">Its name in the legend.</param>
    public static void AddMean(Plot plot, MetricSeries series, int rollingWindow, Color color, string label)
    {
        double[] means = [.. series.RollingMeans(rollingWindow).Select(Drawn)];
        string legend = label;
        foreach (System.Range stretch in series.Stretches())
        {
            double[] times = [.. series.Marks[stretch].Select(mark => X(mark.UtcTicks))];
            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(times, means[stretch]);
            line.Color = color;
            line.LineWidth = 2.5f;
            line.MarkerSize = times.Length == 1 ? 8 : 0;
            line.LegendText = legend;
            legend = "";
        }
    }

    /// <summary>Draws an area between two lines over time.</summary>
    public static void AddArea(Plot plot, double[] times, double[] lower, double[] upper, Color color, string label)
    {
        ScottPlot.Plottables.FillY area = plot.Add.FillY(times, [.. lower.Select(Drawn)], [.. upper.Select(Drawn)]);
        area.FillColor = color.WithAlpha(0.75);
        area.LineWidth = 0;
        area.MarkerSize = 0;
        area.LegendText = label;
    }

    /// <summary>Ends a figure over time: its axes, in UTC, and a legend.</summary>
    /// <param name="plot">The figure.</param>
    /// <param name="look">What it is for.</param>
    /// <param name="firstTicks">The earliest time, in ticks of UTC.</param>
    /// <param name="lastTicks">The latest.</param>
    /// <param name="yTop">The upper end of the other axis; <see langword="null"/> for what the data need.</param>
    /// <param name="fromNought">Whether that axis begins at nought where the data do not reach below; else where they do.</param>
    public static void FinishTime(Plot plot, FigureLook look, long firstTicks, long lastTicks, double? yTop = null, bool fromNought = true)
    {
        DateTime first = Time(firstTicks);
        DateTime last = Time(lastTicks);
        plot.Axes.DateTimeTicksBottom();
        StyleAxis(plot.Axes.Bottom, look);
        bool withDay = first.Date != last.Date;
        TimeSpan span = last - first;
        ((DateTimeAutomatic)plot.Axes.Bottom.TickGenerator).LabelFormatter = time => time.ToString(
            span.TotalDays > 300 ? "yyyy-MM-dd"
                : withDay && time.TimeOfDay == TimeSpan.Zero ? "MM-dd"
                : span.TotalMinutes > 10 ? "HH:mm"
                : span.TotalSeconds is > 5 or 0 ? "HH:mm:ss"
                : "HH:mm:ss.fff",
            CultureInfo.InvariantCulture);
        plot.Axes.Bottom.Label.Text = withDay
            ? string.Create(CultureInfo.InvariantCulture, $"time (UTC), {first:yyyy-MM-dd} to {last:yyyy-MM-dd}")
            : string.Create(CultureInfo.InvariantCulture, $"time (UTC), {first:yyyy-MM-dd}");

        plot.Axes.AutoScale();
        AxisLimits limits = plot.Axes.GetLimits();
        double margin = (span == TimeSpan.Zero ? LeastSpan.TotalDays / 2 : 0) + (span.TotalDays * 0.02);
        double top = yTop ?? (limits.Top == limits.Bottom ? limits.Top + 1 : limits.Top + ((limits.Top - limits.Bottom) * 0.12));

        // A line at nought must show over the axis.
        double foot = top * -0.012;
        bool reachesBelow = limits.Bottom < 0 && yTop is null && Math.Abs(limits.Bottom) >= Math.Abs(limits.Top) * 0.12;
        double bottom = reachesBelow || !(fromNought || limits.Bottom < 0) ? limits.Bottom : foot;
        plot.Axes.SetLimits(first.ToOADate() - margin, last.ToOADate() + margin, bottom, top);
        ShowLegend(plot, look);
    }

    /// <summary>Shows the legend beside the data, which it must not hide.</summary>
    public static void ShowLegend(Plot plot, FigureLook look)
    {
        if (look == FigureLook.Page)
        {
            plot.HideLegend();
            return;
        }

        // One row is all that there is above the data.
        bool fitsAbove = plot.Legend.GetItems().Sum(item => item.LabelText.Length) <= MaxLegendAbove;
        plot.Legend.Orientation = fitsAbove ? Orientation.Horizontal : Orientation.Vertical;
        ScottPlot.Panels.LegendPanel panel = plot.ShowLegend(fitsAbove ? Edge.Top : Edge.Right);
        panel.Alignment = fitsAbove ? Alignment.MiddleRight : Alignment.UpperLeft;
        panel.Padding = fitsAbove ? new PixelPadding(0) : new PixelPadding(8);
    }

    /// <summary>A text of the figure: a page writes it in fonts of its own.</summary>
    public static string Shown(FigureLook look, string text) => look == FigureLook.Picture ? EmbeddedFont.Drawable(text) : text;

    /// <summary>A value as it is drawn: what is larger than any axis can be lies at its end.</summary>
    public static double Drawn(double value) => Math.Clamp(value, -Highest, Highest);

    /// <summary>The same as SQL.</summary>
    public static string DrawnSql(string value) =>
        string.Create(CultureInfo.InvariantCulture, $"greatest({-Highest:R}, least({Highest:R}, {value}))");

    /// <summary>A time as ScottPlot counts it.</summary>
    public static double X(long ticks) => Time(ticks).ToOADate();

    private static DateTime Time(long ticks) => new(Math.Clamp(ticks, Earliest.Ticks, DateTime.MaxValue.Ticks), DateTimeKind.Utc);

    private static void StyleAxis(IAxis axis, FigureLook look)
    {
        axis.Label.FontName = EmbeddedFont.Name;
        axis.Label.FontSize = look == FigureLook.Picture ? 15 : 12;
        axis.Label.Bold = false;
        axis.Label.ForeColor = Ink;
        axis.TickLabelStyle.FontName = EmbeddedFont.Name;
        axis.TickLabelStyle.FontSize = look == FigureLook.Picture ? 14 : 12;
        axis.TickLabelStyle.ForeColor = Faint;
        axis.FrameLineStyle.Color = Faint;
        axis.MajorTickStyle.Color = Faint;
        axis.MinorTickStyle.Length = 0;
    }
}
