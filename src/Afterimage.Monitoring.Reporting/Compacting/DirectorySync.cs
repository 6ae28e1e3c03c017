using System.Runtime.InteropServices;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>Brings the names in a directory to the disk, for which .NET has no call.</summary>
internal static partial class DirectorySync
{
    /// <exception cref="IOException">The directory cannot be opened.</exception>
    public static void Sync(string directory)
    {
        // There, the file system journals a rename before what comes after it.
        if (OperatingSystem.IsWindows())
            return;

        int descriptor = Open(directory, 0);
        if (descriptor < 0)
            throw new IOException($"The directory '{directory}' cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");

        // Some file systems sync no directories and say so: then there is no more to be done.
        _ = Sync(descriptor);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
