using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>Writes HTML in which all values are encoded as text. Only the literals in the code are markup.</summary>
internal sealed partial class HtmlWriter(TextWriter output)
{
    // The scripts of all languages stay readable and compact. Control characters, including those for the direction of text, become
    // references.
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static string Encode(string text) =>
        ReferenceToC1()
            .Replace(
                Encoder.Encode(text),
                reference =>
                    ((char)int.Parse(reference.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());

    /// <summary>Writes markup that contains texts.</summary>
    public void Write(FormattableString html) =>
        output.Write(html.Format, [.. html.GetArguments().Select(text => (object)Encode((string)text!))]);

    /// <summary>Writes markup that the program has made from encoded texts.</summary>
    public void WriteMarkup(string html) => output.Write(html);

    // HTML interprets references to these characters as Windows-1252. It accepts the characters themselves.
    [GeneratedRegex("&#x([89][0-9A-F]);")]
    private static partial Regex ReferenceToC1();
}
