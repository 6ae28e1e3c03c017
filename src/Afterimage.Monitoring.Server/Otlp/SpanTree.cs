namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The hierarchy of the recent spans of one sender. Bounded: when it is full, the older half is removed.</summary>
internal sealed class SpanTree
{
    private const int Capacity = 65_536;

    /// <summary>Longer than any meaningful chain, so that a cycle also ends.</summary>
    private const int MaxDepth = 64;

    private Dictionary<SpanKey, SpanLink> _young = [];
    private Dictionary<SpanKey, SpanLink> _old = [];

    public void Add(in SpanLink link)
    {
        _young[link.Key] = link;
        if (_young.Count < Capacity / 2)
            return;
        (_old, _young) = (_young, _old);
        _young.Clear();
    }

    /// <summary>Collects the spans above a span, from its parent up to the root or the first unknown span.</summary>
    /// <param name="span">The span.</param>
    /// <param name="parent">The span ID of its parent.</param>
    /// <param name="above">Receives the spans.</param>
    /// <returns><see langword="true"/> if all spans up to the root are known; otherwise, <see langword="false"/>.</returns>
    public bool Walk(SpanKey span, ulong parent, List<SpanLink> above)
    {
        above.Clear();
        while (parent != 0)
        {
            SpanKey key = span.WithSpan(parent);
            bool isKnown = TryGet(key, out SpanLink link);
            above.Add(isKnown ? link : new SpanLink(key, 0, null, null));
            if (!isKnown)
                return false;
            if (above.Count == MaxDepth)
                return true;
            parent = link.Parent;
        }

        return true;
    }

    /// <summary>Returns the span ID of a span's parent; 0 if it has none or is unknown.</summary>
    public ulong ParentOf(SpanKey span) => TryGet(span, out SpanLink link) ? link.Parent : 0;

    private bool TryGet(SpanKey key, out SpanLink link) => _young.TryGetValue(key, out link) || _old.TryGetValue(key, out link);
}
