using Microsoft.Win32.SafeHandles;

namespace Afterimage.Monitoring.Log.Writing;

/// <summary>A file that this writer alone adds to, while any number read it.</summary>
internal sealed class ClaimedFile : IDisposable
{
    private readonly FileClaim _claim;
    private readonly SafeFileHandle _handle;

    // Whether a write that failed may have left bytes behind Length.
    private bool _hasRemains;

    // Whether the disk has the file's name; what is in it is not enough.
    private bool _isNameSynced;

    private ClaimedFile(string path, FileClaim claim, SafeFileHandle handle)
    {
        Path = path;
        _claim = claim;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    public string Path { get; }

    public long Length { get; private set; }

    /// <summary>Whether the file has been removed, emptied or replaced under this writer: then it is not as long as what this writer, the
    /// only one, has put into it.</summary>
    public bool IsLost
    {
        get
        {
            var there = new FileInfo(Path);
            return !there.Exists || (there.Length != Length && !_hasRemains);
        }
    }

    /// <summary>Claims a file, making it and its directory if need be.</summary>
    /// <returns>The file, or null if another writer has claimed it.</returns>
    public static ClaimedFile? TryOpen(string path)
    {
        FileClaim? claim = FileClaim.TryToWrite(path);
        if (claim is null)
            return null;

        try
        {
            SafeFileHandle handle = File.OpenHandle(
                path,
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.ReadWrite | FileShare.Delete);
            return new ClaimedFile(path, claim, handle);
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Adds bytes at the end; if that fails nothing is added.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_hasRemains)
            CutRemains();
        _hasRemains = true;
        try
        {
            RandomAccess.Write(_handle, bytes, Length);
            Length += bytes.Length;
            _hasRemains = false;
        }
        catch (ArgumentOutOfRangeException e)
        {
            TryCutRemains();
            throw FileSizeLimit.Failed(Path, e);
        }
        catch
        {
            // A full disk takes a part: records in it would be read, though nobody counts them as written.
            TryCutRemains();
            throw;
        }
    }

    /// <summary>Ends half a line that a killed process has left.</summary>
    public void EndTornLine()
    {
        if (Length == 0)
            return;

        Span<byte> last = stackalloc byte[1];
        RandomAccess.Read(_handle, last, Length - 1);
        if (last[0] == (byte)'\n')
            return;

        // A line that ends with its object may lack nothing but its end. Any other is spoilt for good: DuckDB reads on past the end of a
        // line that ends with a colon, and would lose the next.
        Append(last[0] == (byte)'}' ? "\n"u8 : "!\n"u8);
    }

    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Sync()
    {
        DiskSync.SyncFile(_handle, Path);
        if (_isNameSynced)
            return;

        DiskSync.SyncPath(System.IO.Path.GetDirectoryName(Path)!);
        _isNameSynced = true;
    }

    public void Dispose()
    {
        _handle.Dispose();
        _claim.Dispose();
    }

    private void CutRemains()
    {
        RandomAccess.SetLength(_handle, Length);
        _hasRemains = false;
    }

    private void TryCutRemains()
    {
        try
        {
            CutRemains();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Before the next write, then: what went wrong with this one is the news.
        }
    }
}
