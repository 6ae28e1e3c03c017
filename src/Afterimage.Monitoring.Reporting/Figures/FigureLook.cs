namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>What a figure is drawn for.</summary>
internal enum FigureLook
{
    /// <summary>A file of its own: with its title and its legend, in sizes for 1,200 pixels.</summary>
    Picture,

    /// <summary>A page, which has the title and the legend beside it: in sizes for a column of it.</summary>
    Page,
}
