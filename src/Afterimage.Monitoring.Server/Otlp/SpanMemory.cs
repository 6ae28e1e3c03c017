namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The spans that came lately, so that none is counted twice. Bounded: the older half goes when it is full.</summary>
internal sealed class SpanMemory(int capacity)
{
    private readonly Lock _lock = new();
    private HashSet<SpanKey> _young = [];
    private HashSet<SpanKey> _old = [];

    /// <returns>Whether it is new.</returns>
    public bool Add(SpanKey key)
    {
        lock (_lock)
        {
            if (_old.Contains(key) || !_young.Add(key))
                return false;
            if (_young.Count >= capacity / 2)
                (_old, _young) = (_young, []);
            return true;
        }
    }
}
