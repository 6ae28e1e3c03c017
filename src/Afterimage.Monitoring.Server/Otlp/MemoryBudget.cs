namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Memory that all requests share.</summary>
internal sealed class MemoryBudget(long size)
{
    private long _used;

    /// <summary>What is taken now.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <returns>Whether there was as much.</returns>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= size)
            return true;
        Give(bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref _used, -bytes);
}
