using System.Globalization;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Log;

/// <summary>
/// The name of a Parquet file that stands for numbered files of records: <c>metrics-000000-000007.parquet</c> for <c>metrics.jsonl</c> to
/// <c>metrics-000007.jsonl</c> of its directory. The name alone makes them void: none of them is read or written any more.
/// </summary>
/// <param name="Path">The path.</param>
/// <param name="First">The first number that it stands for.</param>
/// <param name="Last">The last.</param>
internal sealed record CompactedName(string Path, int First, int Last)
{
    private const string Stem = "metrics-";
    private const string Extension = ".parquet";

    /// <summary>What all such names match, and some others.</summary>
    public const string Pattern = Stem + "*" + Extension;

    public string Directory => System.IO.Path.GetDirectoryName(Path)!;

    public static CompactedName Of(string directory, int first, int last) =>
        new(
            System.IO.Path.Combine(
                directory,
                string.Create(CultureInfo.InvariantCulture, $"{Stem}{first:000000}-{last:000000}{Extension}")),
            first,
            last);

    /// <summary>The name, or null if it is another file's.</summary>
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

    /// <summary>Those in a directory, which need not exist.</summary>
    public static IEnumerable<CompactedName> In(string directory) =>
        System.IO.Directory.Exists(directory)
            ? System.IO.Directory.EnumerateFiles(directory, Pattern).Select(Parse).OfType<CompactedName>()
            : [];

    public bool StandsFor(int number) => number >= First && number <= Last;

    /// <summary>Whether everything in a file of its directory is in this as well, and more where that is compacted too.</summary>
    public bool StandsFor(string path) => Parse(path) is { } other
        ? other.First >= First && other.Last <= Last && other.Last - other.First < Last - First
        : StandsFor(RecordFiles.NumberOf(path));
}
