using System.Runtime.InteropServices;

namespace Afterimage.Monitoring.Handlers.Files;

/// <summary>Brings the names in a directory to the disk, for which .NET has no call.</summary>
internal static partial class DirectorySync
{
    /// <exception cref="IOException">The directory cannot be opened.</exception>
    public static void Sync(string directory)
    {
        if (!TrySync(directory))
            throw new IOException($"The directory '{directory}' cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>The same for the directories above it, too, any of which may be as new.</summary>
    /// <inheritdoc cref="Sync"/>
    public static void SyncPath(string directory)
    {
        Sync(directory);
        for (string? above = Path.GetDirectoryName(directory); above is not null; above = Path.GetDirectoryName(above))
        {
            // Who may not read it has not made it.
            _ = TrySync(above);
        }
    }

    private static bool TrySync(string directory)
    {
        // There, the file system journals a name before what comes after it.
        if (OperatingSystem.IsWindows())
            return true;

        int descriptor = Open(directory, 0);
        if (descriptor < 0)
            return false;

        // Some file systems sync no directories and say so: then there is no more to be done.
        _ = FSync(descriptor);
        _ = Close(descriptor);
        return true;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
