using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Characters beyond U+FFFF in a workbook. MiniExcel escapes each of their halves (<c>_xD83D__xDE42_</c>), which other programs show as it stands.</summary>
internal static partial class SurrogatePairs
{
    private const int EscapeLength = 14;

    /// <summary>Writes the workbook again, with the characters themselves.</summary>
    public static void Restore(string source, string target, CancellationToken cancellationToken)
    {
        using ZipArchive before = ZipFile.OpenRead(source);
        using ZipArchive after = ZipFile.Open(target, ZipArchiveMode.Create);
        foreach (ZipArchiveEntry entry in before.Entries)
        {
            using Stream from = entry.Open();
            using Stream to = after.CreateEntry(entry.FullName, CompressionLevel.Fastest).Open();
            if (entry.FullName.StartsWith("xl/worksheets/sheet", StringComparison.Ordinal))
                Restore(from, to, cancellationToken);
            else
                from.CopyTo(to);
        }
    }

    private static void Restore(Stream from, Stream to, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(from, Encoding.UTF8);
        using var writer = new StreamWriter(to, Encoding.UTF8);
        char[] buffer = new char[1 << 16];
        int kept = 0;
        bool isLast = false;
        while (!isLast)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int end = kept + reader.ReadBlock(buffer, kept, buffer.Length - kept);
            isLast = end < buffer.Length;
            int written = 0;
            foreach (ValueMatch match in Escape().EnumerateMatches(buffer.AsSpan(0, end)))
            {
                writer.Write(buffer, written, match.Index - written);
                writer.Write([Unit(buffer.AsSpan(match.Index + 2, 4)), Unit(buffer.AsSpan(match.Index + 9, 4))]);
                written = match.Index + match.Length;
            }

            // What may be the beginning of an escape waits for the rest.
            kept = isLast ? 0 : Math.Min(end - written, EscapeLength - 1);
            writer.Write(buffer, written, end - kept - written);
            buffer.AsSpan(end - kept, kept).CopyTo(buffer);
        }
    }

    private static char Unit(ReadOnlySpan<char> digits) => (char)ushort.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex("_xD[89AB][0-9A-F]{2}__xD[C-F][0-9A-F]{2}_", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: -1)]
    private static partial Regex Escape();
}
