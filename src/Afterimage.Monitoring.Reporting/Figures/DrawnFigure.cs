using ScottPlot;

namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>A figure and what it is called.</summary>
/// <param name="Name">Its name, which is that of its file.</param>
/// <param name="Plot">What is drawn.</param>
/// <param name="Description">What it shows, in words, for those who cannot see it.</param>
internal sealed record DrawnFigure(string Name, Plot Plot, string Description)
{
    /// <summary>Names from the log that are drawn as labels of an axis, in their order, with the characters that the figure's font
    /// lacks.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}
