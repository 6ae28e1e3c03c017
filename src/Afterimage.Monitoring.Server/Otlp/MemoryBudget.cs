namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A limit on memory that all requests share.</summary>
internal sealed class MemoryBudget(long size)
{
    private long _used;

    /// <summary>The amount in use, in bytes.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <returns><see langword="true"/> if that much was available; otherwise, <see langword="false"/>.</returns>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= size)
            return true;
        Give(bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref _used, -bytes);
}
