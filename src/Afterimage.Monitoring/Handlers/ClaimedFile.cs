using Microsoft.Win32.SafeHandles;

namespace Afterimage.Monitoring.Handlers;

/// <summary>A file that this writer alone adds to, while any number read it.</summary>
internal sealed class ClaimedFile : IDisposable
{
    private readonly FileClaim _claim;
    private readonly SafeFileHandle _handle;

    private ClaimedFile(string path, FileClaim claim, SafeFileHandle handle)
    {
        Path = path;
        _claim = claim;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    public string Path { get; }

    public long Length { get; private set; }

    /// <summary>Whether the file has been removed or moved under this writer.</summary>
    public bool IsGone => !File.Exists(Path);

    /// <summary>Claims a file, making it and its directory if need be.</summary>
    /// <returns>The file, or null if another writer has claimed it.</returns>
    public static ClaimedFile? TryOpen(string path)
    {
        FileClaim? claim = FileClaim.Try(path);
        if (claim is null)
            return null;

        try
        {
            SafeFileHandle handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return new ClaimedFile(path, claim, handle);
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Adds bytes at the end; if that fails nothing counts as added, and the next write overwrites what there is of it.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle, bytes, Length);
        Length += bytes.Length;
    }

    /// <summary>Ends half a line that a killed process has left.</summary>
    public void EndTornLine()
    {
        if (Length == 0)
            return;

        Span<byte> last = stackalloc byte[1];
        RandomAccess.Read(_handle, last, Length - 1);
        if (last[0] != (byte)'\n')
            Append("\n"u8);
    }

    public void Sync() => RandomAccess.FlushToDisk(_handle);

    public void Dispose()
    {
        _handle.Dispose();
        _claim.Dispose();
    }
}
