namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>How much memory the values of all metrics of a summary may take, and files for what goes beyond. For any number of
/// threads.</summary>
/// <param name="limit">Bytes.</param>
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

    /// <summary>A temporary file that goes with its handle.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static FileStream CreateFile() =>
        new(
            Path.Combine(Path.GetTempPath(), "afterimage-" + Guid.NewGuid().ToString("N")),
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.None,
            bufferSize: 0,
            FileOptions.DeleteOnClose);
}
