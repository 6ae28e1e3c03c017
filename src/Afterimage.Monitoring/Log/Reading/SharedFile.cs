namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Opens files that others may write, replace or delete in the meantime.</summary>
internal static class SharedFile
{
    /// <summary>Opens a file to read it. A pipe has no length and counts as empty: to open it would wait for its writer.</summary>
    /// <exception cref="IOException">The file cannot be opened, or is gone.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static Stream Open(string path) =>
        new FileInfo(path).Length == 0
            ? Stream.Null
            : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
