namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Remembers recent spans, so that none is counted twice. Bounded: when it is full, the older half is removed.</summary>
internal sealed class SpanMemory(int capacity)
{
    private readonly Lock _lock = new();
    private HashSet<SpanKey> _young = [];
    private HashSet<SpanKey> _old = [];

    /// <returns><see langword="true"/> if the span is new; otherwise, <see langword="false"/>.</returns>
    public bool Add(SpanKey key)
    {
        lock (_lock)
        {
            if (_old.Contains(key) || !_young.Add(key))
                return false;
            if (_young.Count >= capacity / 2)
            {
                (_old, _young) = (_young, _old);
                _young.Clear();
            }

            return true;
        }
    }
}
