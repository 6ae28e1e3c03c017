using ScottPlot;
using SkiaSharp;

namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>The font of all figures, carried along: ScottPlot draws no text, and says nothing, where none is installed.</summary>
internal sealed class EmbeddedFont : IFontResolver
{
    public const string Name = "Afterimage Sans";

    private static readonly Lazy<SKTypeface> Typeface = new(() =>
        SKTypeface.FromStream(typeof(EmbeddedFont).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!));

    private static readonly Lazy<bool> Registered = new(() =>
    {
        Fonts.FontResolvers.Add(new EmbeddedFont());
        return true;
    });

    public static SKTypeface Face => Typeface.Value;

    public static void Use(Plot plot)
    {
        _ = Registered.Value;
        plot.Font.Set(Name);
    }

    /// <summary>The text with a box for each character that the font lacks: left to itself, Skia writes nothing for it into an
    /// SVG.</summary>
    public static string Drawable(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => Face.ContainsGlyph(rune.Value) ? rune.ToString() : "\u25a1"));

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Name ? Face : null;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? Face : null;
}
