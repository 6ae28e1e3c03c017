namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>A limit on the memory for the values of all metrics of a summary, and temporary files for what exceeds it.
/// Thread-safe.</summary>
/// <param name="limit">The limit, in bytes.</param>
internal sealed class ValueMemory(long limit = ValueMemory.DefaultLimit)
{
    public const long DefaultLimit = 256 << 20;

    private long _taken;

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= limit)
            return true;

        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref _taken, -bytes);

    /// <summary>Creates a temporary file that is deleted when its handle is closed.</summary>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public static FileStream CreateFile() =>
        new(
            Path.Combine(Path.GetTempPath(), "afterimage-" + Guid.NewGuid().ToString("N")),
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.None,
            bufferSize: 0,
            FileOptions.DeleteOnClose);
}
