using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>A file that goes into a compacted one.</summary>
/// <param name="Path">Its path.</param>
/// <param name="First">Its number, or the first that it stands for.</param>
/// <param name="Last">The last.</param>
/// <param name="IsCompacted">Whether it is a compacted file itself.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Written">When it was last written to.</param>
internal sealed record Source(string Path, int First, int Last, bool IsCompacted, long Length, DateTime Written)
{
    // What a compacted byte was before, roughly.
    private const int Ratio = 10;

    public long Weight => IsCompacted ? Length * Ratio : Length;

    public bool IsUnchanged => new FileInfo(Path) is { Exists: true } now && now.Length == Length && now.LastWriteTimeUtc == Written;

    /// <summary>A file as it is now; one that is gone is empty.</summary>
    public static Source Of(string path)
    {
        var info = new FileInfo(path);
        long length = info.Exists ? info.Length : 0;
        if (CompactedName.Parse(path) is { } compacted)
            return new Source(path, compacted.First, compacted.Last, IsCompacted: true, length, info.LastWriteTimeUtc);

        int number = new NumberedName("", NumberedName.Records).NumberOf(path);
        return new Source(path, number, number, IsCompacted: false, length, info.LastWriteTimeUtc);
    }
}
