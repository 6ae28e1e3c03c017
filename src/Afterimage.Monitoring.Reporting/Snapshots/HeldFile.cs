namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>A file that can be read until this is disposed, even if it is deleted in the meantime.</summary>
internal sealed class HeldFile : IDisposable
{
    private const string Descriptors = "/proc/self/fd";

    private readonly FileStream _file;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    public HeldFile(string path) => _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Whether the system has paths for open files. Linux has.</summary>
    public static bool IsSupported { get; } = Directory.Exists(Descriptors);

    /// <summary>The path that the file was opened by.</summary>
    public string Name => _file.Name;

    /// <summary>A path by which this process can open the file.</summary>
    public string Path => $"{Descriptors}/{_file.SafeFileHandle.DangerousGetHandle()}";

    public void Dispose() => _file.Dispose();
}
