using System.Globalization;

namespace Afterimage.Monitoring.Log;

/// <summary>
/// The name of a Parquet file that replaces numbered files of records: <c>metrics-000000-000007.parquet</c> replaces <c>metrics.jsonl</c>
/// to <c>metrics-000007.jsonl</c> in its directory. The name alone makes those files void: they are no longer read or written.
/// </summary>
/// <param name="Path">The path.</param>
/// <param name="First">The first number that the file replaces.</param>
/// <param name="Last">The last number that the file replaces.</param>
internal sealed record CompactedName(string Path, int First, int Last)
{
    private const string Stem = "metrics-";
    private const string Extension = ".parquet";

    /// <summary>A pattern that matches all such names, and some others.</summary>
    public const string Pattern = Stem + "*" + Extension;

    public string Directory => System.IO.Path.GetDirectoryName(Path)!;

    public static CompactedName Of(string directory, int first, int last) =>
        new(
            System.IO.Path.Combine(
                directory,
                string.Create(CultureInfo.InvariantCulture, $"{Stem}{first:000000}-{last:000000}{Extension}")),
            first,
            last);

    /// <summary>Returns the name, or null if it is that of another file.</summary>
    public static CompactedName? Parse(string path)
    {
        ReadOnlySpan<char> name = System.IO.Path.GetFileName(path.AsSpan());
        if (
            !name.StartsWith(Stem, StringComparison.Ordinal)
            || !name.EndsWith(Extension, StringComparison.Ordinal)
            || name.Length < Stem.Length + Extension.Length)
            return null;

        ReadOnlySpan<char> numbers = name[Stem.Length..^Extension.Length];
        int dash = numbers.IndexOf('-');
        return dash > 0
            && int.TryParse(numbers[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            && int.TryParse(numbers[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
            && first <= last
            ? new CompactedName(path, first, last)
            : null;
    }

    /// <summary>Returns the compacted files in a directory, which need not exist.</summary>
    public static IEnumerable<CompactedName> In(string directory) =>
        System.IO.Directory.Exists(directory)
            ? System.IO.Directory.EnumerateFiles(directory, Pattern).Select(Parse).OfType<CompactedName>()
            : [];

    public bool StandsFor(int number) => number >= First && number <= Last;

    /// <summary>Returns whether this file contains everything in another file of its directory; if that is compacted too, it must also
    /// contain more.</summary>
    public bool StandsFor(string path) => Parse(path) is { } other
        ? other.First >= First && other.Last <= Last && other.Last - other.First < Last - First
        : StandsFor(RecordFiles.NumberOf(path));
}
