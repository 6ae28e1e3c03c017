using System.Globalization;

namespace Afterimage.Monitoring.Log;

/// <summary>The names of a file and its successors: <c>metrics.jsonl</c>, <c>metrics-000001.jsonl</c>,
/// <c>metrics-000002.jsonl</c>.</summary>
internal sealed class NumberedName(string directory, string name)
{
    /// <summary>The name of the first file of records.</summary>
    public const string Records = "metrics.jsonl";

    private readonly string _stem = Path.GetFileNameWithoutExtension(name);
    private readonly string _extension = Path.GetExtension(name);

    public string Directory => directory;

    /// <summary>Whether the files are files of records. Only these are compacted.</summary>
    public bool IsOfRecords => name == Records;

    public string PathOf(int number) =>
        Path.Combine(directory, number == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{_stem}-{number:000000}{_extension}"));

    /// <summary>Returns the number in the name of a file: 0 for the first file, -1 for a file of another kind.</summary>
    public int NumberOf(string path)
    {
        ReadOnlySpan<char> rest = Path.GetFileNameWithoutExtension(path.AsSpan())[_stem.Length..];
        if (rest.IsEmpty)
            return 0;
        return rest[0] == '-' && int.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
    }

    public IEnumerable<string> ExistingFiles() =>
        System.IO.Directory.Exists(directory)
            ? System.IO.Directory.EnumerateFiles(directory, _stem + "*" + _extension).Where(path => NumberOf(path) >= 0)
            : [];
}
