using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Log;

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
        string lockPath = LockOf(path);
        Directory.CreateDirectory(Path.GetDirectoryName(lockPath)!);
        try
        {
            return new FileClaim(new FileStream(
                lockPath,
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

    /// <summary>Whether a writer on this machine has claimed the file. Nothing is made or claimed.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            using var probe = new FileStream(LockOf(path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
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

    public void Dispose() => _lock.Dispose();

    private static string LockOf(string path) => Path.Combine(Path.GetDirectoryName(path)!, ".locks", Path.GetFileName(path));

    // .NET has no exception of its own for it: ERROR_SHARING_VIOLATION on Windows, EWOULDBLOCK on Linux and macOS.
    private static bool IsSharingViolation(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;
}
