using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Afterimage.Monitoring.Reporting.Figures;
using ScottPlot;
using SkiaSharp;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>A figure as part of a page. It uses the page's colours and font, which follow the reader's choice of a light or dark theme, and
/// takes the available width.</summary>
internal sealed partial class InlineSvg
{
    private readonly string _id;
    private readonly Dictionary<string, string> _clips = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _clipOf = new(StringComparer.Ordinal);

    private readonly Dictionary<string, Queue<string>> _labels;

    private InlineSvg(string id, IEnumerable<string> labels)
    {
        _id = id;
        _labels = labels
            .GroupBy(EmbeddedFont.Drawable, StringComparer.Ordinal)
            .ToDictionary(drawn => drawn.Key, drawn => new Queue<string>(drawn), StringComparer.Ordinal);
    }

    /// <summary>Draws the figure.</summary>
    /// <param name="figure">The figure, made for a page.</param>
    /// <param name="width">The width in pixels of the page at which texts have their intended size.</param>
    /// <param name="height">The height in pixels of the page.</param>
    /// <param name="id">The prefix of the IDs in the figure, which share a namespace with those of the page.</param>
    /// <param name="className">The class of the figure in the page.</param>
    public static string Of(DrawnFigure figure, int width, int height, string id, string className)
    {
        XElement root = XDocument.Parse(figure.Plot.GetSvgXml(width, height)).Root!;
        var svg = new XElement(
            "svg",
            new XAttribute("class", className),
            new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width} {height}")),
            new XAttribute("role", "img"),
            new XAttribute("aria-label", $"{figure.Plot.Axes.Title.Label.Text}. {figure.Description}"),
            new InlineSvg(id, figure.Labels).Children(root));
        return svg.ToString(SaveOptions.DisableFormatting);
    }

    /// <summary>Returns the page's name for a colour of figures.</summary>
    public static string Color(Color color)
    {
        for (int i = 0; i < Figure.Colors.Count; i++)
        {
            if (SameColor(Figure.Colors[i], color))
                return string.Create(CultureInfo.InvariantCulture, $"var(--series-{i + 1})");
        }

        return SameColor(Figure.Grid, color) ? "var(--grid)" : SameColor(Figure.Faint, color) ? "var(--faint)" : "var(--ink)";
    }

    private IEnumerable<XElement> Children(XElement parent)
    {
        XElement[] children = [.. parent.Elements()];
        for (int i = 0; i < children.Length; i++)
        {
            XElement element = children[i];
            switch (element.Name.LocalName)
            {
                // The page has a background of its own.
                case "rect" when element.Attribute("fill")?.Value == "white":
                    break;
                case "clipPath":
                    if (Clip(element) is { } clip)
                        yield return clip;
                    break;
                case "text":
                    yield return Text(element);
                    break;
                case "ellipse":
                    int end = i + 1;
                    while (end < children.Length && IsSameDot(element, children[end]))
                        end++;
                    yield return Dots(children[i..end]);
                    i = end - 1;
                    break;
                default:
                    XElement copy = Copy(element);
                    copy.Add(Children(element));
                    if (copy.Name != "g" || copy.HasElements)
                        yield return copy;
                    break;
            }
        }
    }

    // Every part of a figure has the same clip.
    private XElement? Clip(XElement clip)
    {
        string shape = string.Concat(clip.Elements().Select(element => element.ToString()));
        bool isKnown = _clips.TryGetValue(shape, out string? id);
        if (!isKnown)
            _clips.Add(shape, id = string.Create(CultureInfo.InvariantCulture, $"{_id}-clip-{_clips.Count}"));
        _clipOf[clip.Attribute("id")!.Value] = id!;
        return isKnown ? null : new XElement("clipPath", new XAttribute("id", id!), clip.Elements().Select(Copy));
    }

    private XElement Copy(XElement element) =>
        new(
            element.Name.LocalName,
            element
                .Attributes()
                .Where(attribute => !attribute.IsNamespaceDeclaration && attribute.Name.LocalName != "stroke-miterlimit")
                .Select(attribute => new XAttribute(
                    attribute.Name.LocalName,
                    attribute.Name.LocalName switch
                    {
                        "fill" or "stroke" when attribute.Value != "none" => PageColor(attribute.Value),
                        "clip-path" => $"url(#{_clipOf[attribute.Value[5..^1]]})",
                        "fill-opacity" or "stroke-opacity" => Rounded(attribute.Value, "0.##"),
                        _ => Rounded(attribute.Value, "0.#"),
                    })));

    // Skia positions each letter for the font that it measured. The page has another font, and positions the letters itself around the
    // point that the text was aligned to.
    private XElement Text(XElement text)
    {
        string value = text.Value.Trim();
        double x = double.Parse(text.Attribute("x")!.Value.Split(',')[0], CultureInfo.InvariantCulture);
        double size = double.Parse(text.Attribute("font-size")!.Value, CultureInfo.InvariantCulture);
        using var font = new SKFont(EmbeddedFont.Face, (float)size);
        double width = font.MeasureText(value);
        bool isCentred = Math.Abs(x + (width / 2)) < 1;
        bool endsThere = Math.Abs(x + width) < 1.5;
        return new XElement(
            "text",
            new XAttribute("fill", PageColor(text.Attribute("fill")?.Value ?? "black")),
            new XAttribute("transform", Rounded(text.Attribute("transform")?.Value ?? "translate(0 0)", "0.#")),
            new XAttribute("font-size", Rounded(text.Attribute("font-size")!.Value, "0.#")),
            new XAttribute("x", isCentred || endsThere ? "0" : Rounded(x.ToString(CultureInfo.InvariantCulture), "0.#")),
            new XAttribute("y", Rounded(text.Attribute("y")!.Value.Split(',')[0], "0.#")),
            new XAttribute("text-anchor", isCentred ? "middle" : endsThere ? "end" : "start"),
            _labels.TryGetValue(value, out Queue<string>? meant) && meant.TryDequeue(out string? name) ? name : value);
    }

    // Thousands of dots become one path, made of strokes without length.
    private static XElement Dots(XElement[] dots)
    {
        var path = new StringBuilder();
        foreach (XElement dot in dots)
            path.Append('M')
                .Append(Rounded(dot.Attribute("cx")!.Value, "0.#"))
                .Append(' ')
                .Append(Rounded(dot.Attribute("cy")!.Value, "0.#"))
                .Append("h0");
        double radius = double.Parse(dots[0].Attribute("rx")!.Value, CultureInfo.InvariantCulture);
        return new XElement(
            "path",
            new XAttribute("fill", "none"),
            new XAttribute("stroke", PageColor(dots[0].Attribute("fill")!.Value)),
            new XAttribute("stroke-opacity", Rounded(dots[0].Attribute("fill-opacity")?.Value ?? "1", "0.##")),
            new XAttribute("stroke-width", (radius * 2).ToString("0.#", CultureInfo.InvariantCulture)),
            new XAttribute("stroke-linecap", "round"),
            new XAttribute("d", path.ToString()));
    }

    private static bool IsSameDot(XElement a, XElement b) =>
        b.Name.LocalName == "ellipse"
        && ((string[])["fill", "fill-opacity", "rx"]).All(name => a.Attribute(name)?.Value == b.Attribute(name)?.Value);

    private static string PageColor(string color) =>
        color.StartsWith('#') ? Color(ScottPlot.Color.FromHex(color))
        : color == "white" ? "var(--paper)"
        : "var(--ink)";

    private static bool SameColor(Color a, Color b) => (a.R, a.G, a.B) == (b.R, b.G, b.B);

    private static string Rounded(string numbers, string format) =>
        Fraction()
            .Replace(
                numbers,
                match => double.Parse(match.Value, CultureInfo.InvariantCulture).ToString(format, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"-?\d+\.\d+(e-?\d+)?")]
    private static partial Regex Fraction();
}
