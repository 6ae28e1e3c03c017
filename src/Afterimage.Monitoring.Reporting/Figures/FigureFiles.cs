using Afterimage.Monitoring.Reporting.Exporting;
using ScottPlot;

namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>Figures as files.</summary>
internal static class FigureFiles
{
    public const string DirectoryName = "plots";

    public static readonly FigureSize MetricSize = new(12, 8);
    public static readonly FigureSize OverviewSize = new(12, 6);

    /// <summary>Gives a figure the size that it has until somebody renders it at another.</summary>
    public static Plot LaidOut(DrawnFigure figure, FigureSize size)
    {
        ThrowIfNone(size);
        figure.Plot.RenderInMemory(size.PixelWidth, size.PixelHeight);
        return figure.Plot;
    }

    public static IReadOnlyDictionary<string, Plot> Save(
        IReadOnlyList<DrawnFigure> figures,
        string directory,
        FigureSize size,
        OutputRules rules)
    {
        ThrowIfNone(size);
        string fullPath = Path.GetFullPath(directory);
        try
        {
            using var files = new StagedFiles(Path.Combine(fullPath, "figure.png"), rules);
            foreach (DrawnFigure figure in figures)
                figure.Plot.SavePng(files.Add(figure.Name + ".png", OutputKind.Png), size.PixelWidth, size.PixelHeight);
            files.Commit(CancellationToken.None);
            return figures.ToDictionary(figure => figure.Name, figure => figure.Plot, StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The figures could not be written to '{fullPath}': {exception.Message}", exception);
        }
    }

    // What default(FigureSize) makes.
    private static void ThrowIfNone(FigureSize size)
    {
        if (size == default)
            throw new ArgumentOutOfRangeException(nameof(size), size, "The size must be a FigureSize with a width and a height.");
    }
}
