using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Afterimage.Monitoring.Log.Writing;

/// <summary>Brings what was written to the disk, and says so if the disk does not take it.</summary>
/// <remarks>
/// .NET has no call for directories, and that for files (<see cref="RandomAccess.FlushToDisk"/>, as of .NET 10) passes over the errors of
/// <c>fsync</c>: <c>EIO</c> and <c>ENOSPC</c> leave it in silence.
/// </remarks>
internal static partial class DiskSync
{
    // Numbers that are the same on every Unix.
    private const int Interrupted = 4;
    private const int NotSupported = 22;

    /// <exception cref="IOException">The disk did not take it.</exception>
    public static void SyncFile(SafeFileHandle file, string path)
    {
        // On macOS, fsync ends before the disk has it; .NET knows what does not.
        if (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
            RandomAccess.FlushToDisk(file);
        else if (!TrySync(file))
            throw Failed(path);
    }

    /// <summary>Brings the names in a directory to the disk.</summary>
    /// <exception cref="IOException">The directory cannot be opened, or the disk did not take it.</exception>
    public static void SyncDirectory(string directory)
    {
        if (!TrySyncDirectory(directory))
            throw Failed(directory);
    }

    /// <summary>Brings the names in a directory and in those above it, any of which may be as new, to the disk. One that cannot be opened
    /// is passed over: it is gone, or who may not read it has not made it.</summary>
    /// <exception cref="IOException">The disk did not take one.</exception>
    public static void SyncPath(string directory)
    {
        for (string? path = directory; path is not null; path = Path.GetDirectoryName(path))
            _ = TrySyncDirectory(path);
    }

    /// <returns>Whether it could be opened.</returns>
    private static bool TrySyncDirectory(string directory)
    {
        // There, the file system journals a name before what comes after it.
        if (OperatingSystem.IsWindows())
            return true;

        using SafeFileHandle handle = Open(directory, 0);
        if (handle.IsInvalid)
            return false;
        if (!TrySync(handle))
            throw Failed(directory);
        return true;
    }

    // A file system that has no such thing says so: then there is no more to be done.
    private static bool TrySync(SafeFileHandle handle)
    {
        while (FSync(handle) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                return Marshal.GetLastPInvokeError() == NotSupported;
        }

        return true;
    }

    private static IOException Failed(string path) => new($"'{path}' cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);
}
