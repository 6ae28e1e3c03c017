namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>What hangs below what among the spans of one sender that came lately. Bounded: the older half goes when it is full.</summary>
internal sealed class SpanTree
{
    private const int Capacity = 65_536;

    /// <summary>Longer than any chain that means something; a circle ends there too.</summary>
    private const int MaxDepth = 64;

    private Dictionary<SpanKey, SpanLink> _young = [];
    private Dictionary<SpanKey, SpanLink> _old = [];

    public void Add(in SpanLink link)
    {
        _young[link.Key] = link;
        if (_young.Count >= Capacity / 2)
            (_old, _young) = (_young, []);
    }

    /// <summary>The spans above one, from its parent up to the root or the first that is not known.</summary>
    /// <param name="span">The span.</param>
    /// <param name="parent">Its parent's span id.</param>
    /// <param name="above">Takes them.</param>
    /// <returns>Whether all are known, up to the root.</returns>
    public bool Walk(SpanKey span, ulong parent, List<SpanLink> above)
    {
        above.Clear();
        while (parent != 0)
        {
            SpanKey key = span.WithSpan(parent);
            bool isKnown = TryGet(key, out SpanLink link);
            above.Add(isKnown ? link : new SpanLink(key, 0, null));
            if (!isKnown)
                return false;
            if (above.Count == MaxDepth)
                return true;
            parent = link.Parent;
        }

        return true;
    }

    /// <summary>The span id of a span's parent, 0 where it has none or is not known.</summary>
    public ulong ParentOf(SpanKey span) => TryGet(span, out SpanLink link) ? link.Parent : 0;

    private bool TryGet(SpanKey key, out SpanLink link) => _young.TryGetValue(key, out link) || _old.TryGetValue(key, out link);
}
