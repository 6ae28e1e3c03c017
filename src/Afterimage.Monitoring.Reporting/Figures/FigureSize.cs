namespace Afterimage.Monitoring;

/// <summary>The size of a figure, in inches of 100 pixels.</summary>
public readonly record struct FigureSize
{
    private const double PixelsPerInch = 100;
    private const double Largest = 100;

    /// <summary>Makes a size.</summary>
    /// <param name="width">The width in inches, 1 to 100.</param>
    /// <param name="height">The height in inches, 1 to 100.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is out of its range.</exception>
    public FigureSize(double width, double height)
    {
        ThrowIfOutOfRange(width, nameof(width));
        ThrowIfOutOfRange(height, nameof(height));
        Width = width;
        Height = height;
    }

    /// <summary>The width in inches.</summary>
    public double Width { get; }

    /// <summary>The height in inches.</summary>
    public double Height { get; }

    /// <summary>The width in pixels, as <see cref="ScottPlot.Plot.SavePng"/> wants it.</summary>
    public int PixelWidth => (int)Math.Round(Width * PixelsPerInch);

    /// <summary>The height in pixels, as <see cref="ScottPlot.Plot.SavePng"/> wants it.</summary>
    public int PixelHeight => (int)Math.Round(Height * PixelsPerInch);

    private static void ThrowIfOutOfRange(double side, string name)
    {
        if (!(side >= 1 && side <= Largest))
            throw new ArgumentOutOfRangeException(name, side, "The width and the height must be from 1 to 100 inches.");
    }
}
