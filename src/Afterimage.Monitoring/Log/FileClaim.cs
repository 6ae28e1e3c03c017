namespace Afterimage.Monitoring.Log;

/// <summary>The right to write a file, held by one writer of one process at a time.</summary>
/// <remarks>
/// It is a lock on a file beside it, in <c>.locks</c>: a lock on the file itself would shut readers out. The operating system lets go of it
/// when the process ends, however it ends. The lock files stay: to delete one is to race with whoever is just opening it.
/// </remarks>
internal sealed class FileClaim : IDisposable
{
    private const string Extension = ".lock";

    private readonly FileStream _lock;

    // That of a writer of a version before, whose locks had the names of the files that they were about.
    private readonly FileStream? _oldLock;

    private bool? _keepsOthersOut;

    private FileClaim(FileStream @lock, FileStream? oldLock)
    {
        _lock = @lock;
        _oldLock = oldLock;
    }

    /// <summary>Whether the lock keeps others out. On some network file systems and container mounts, locks succeed and do
    /// nothing.</summary>
    public bool KeepsOthersOut => _keepsOthersOut ??= IsLocked(_lock.Name);

    /// <summary>Claims a file, which need not exist; its directory is made if need be.</summary>
    /// <returns>The claim, or null if another writer has it.</returns>
    public static FileClaim? Try(string path)
    {
        string lockPath = LockOf(path);
        Directory.CreateDirectory(Path.GetDirectoryName(lockPath)!);
        FileStream? taken = null;
        try
        {
            taken = Lock(lockPath, FileMode.OpenOrCreate);
            return new FileClaim(taken, File.Exists(OldLockOf(path)) ? Lock(OldLockOf(path), FileMode.Open) : null);
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            taken?.Dispose();
            return null;
        }
    }

    /// <summary>Claims a file to write it. Where locks do nothing, only a file that does not exist can be claimed, and is made.</summary>
    /// <returns>The claim, or null if another writer has it, or may have it.</returns>
    public static FileClaim? TryToWrite(string path)
    {
        if (Try(path) is not { } claim)
            return null;
        if (claim.KeepsOthersOut)
            return claim;

        try
        {
            // No two can make the same file, on any file system.
            File.Open(path, FileMode.CreateNew).Dispose();
            return claim;
        }
        catch (IOException) when (File.Exists(path))
        {
            claim.Dispose();
            return null;
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Whether a writer on this machine has claimed the file. Nothing is made or claimed.</summary>
    public static bool IsHeld(string path) => IsLocked(LockOf(path)) || IsLocked(OldLockOf(path));

    public void Dispose()
    {
        _oldLock?.Dispose();
        _lock.Dispose();
    }

    private static FileStream Lock(string path, FileMode mode) => new(path, mode, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);

    private static bool IsLocked(string lockPath)
    {
        try
        {
            using var probe = new FileStream(
                lockPath,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                bufferSize: 0);
            return false;
        }
        catch (IOException e)
        {
            return IsSharingViolation(e);
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string LockOf(string path) => OldLockOf(path) + Extension;

    private static string OldLockOf(string path) => Path.Combine(Path.GetDirectoryName(path)!, ".locks", Path.GetFileName(path));

    // .NET has no exception of its own for it: ERROR_SHARING_VIOLATION on Windows, EWOULDBLOCK on Linux and macOS.
    private static bool IsSharingViolation(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;
}
