using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>Writes HTML in which whatever is filled in is text: only what stands in the code itself is markup.</summary>
internal sealed partial class HtmlWriter(TextWriter output)
{
    // Scripts of all languages stay readable and small; control characters, and those that steer the direction of text, become references.
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static string Encode(string text) =>
        ReferenceToC1()
            .Replace(
                Encoder.Encode(text),
                reference =>
                    ((char)int.Parse(reference.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());

    /// <summary>Writes markup with texts in it.</summary>
    public void Write(FormattableString html) =>
        output.Write(html.Format, [.. html.GetArguments().Select(text => (object)Encode((string)text!))]);

    /// <summary>Writes what the program itself has made of encoded texts.</summary>
    public void WriteMarkup(string html) => output.Write(html);

    // HTML reads references to these as what Windows-1252 has in their places; the characters themselves it leaves alone.
    [GeneratedRegex("&#x([89][0-9A-F]);")]
    private static partial Regex ReferenceToC1();
}
