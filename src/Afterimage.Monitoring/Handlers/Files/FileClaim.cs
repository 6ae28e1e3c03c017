namespace Afterimage.Monitoring.Handlers.Files;

/// <summary>The right to write a file, held by one writer of one process at a time.</summary>
/// <remarks>
/// It is a lock on a file beside it, in <c>.locks</c>: a lock on the file itself would shut readers out. The operating system lets go of it when the process
/// ends, however it ends. The lock files stay: to delete one is to race with whoever is just opening it.
/// </remarks>
internal sealed class FileClaim : IDisposable
{
    private readonly FileStream _lock;

    private FileClaim(FileStream @lock) => _lock = @lock;

    /// <summary>Claims a file, which need not exist; its directory is made if need be.</summary>
    /// <returns>The claim, or null if another writer has it.</returns>
    public static FileClaim? Try(string path)
    {
        string directory = Path.Combine(Path.GetDirectoryName(path)!, ".locks");
        Directory.CreateDirectory(directory);
        try
        {
            return new FileClaim(new FileStream(
                Path.Combine(directory, Path.GetFileName(path)),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                bufferSize: 0));
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            return null;
        }
    }

    public void Dispose() => _lock.Dispose();

    // .NET has no exception of its own for it: ERROR_SHARING_VIOLATION on Windows, EWOULDBLOCK on Linux and macOS.
    private static bool IsSharingViolation(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;
}
