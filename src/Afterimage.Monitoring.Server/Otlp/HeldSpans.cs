namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Generations of one sender that wait for the spans above them, which end later: one above that tells of the same call takes in
/// those below. Not safe for several threads.</summary>
internal sealed class HeldSpans(TimeSpan holdTime)
{
    private const int MaxReleased = 32_768;

    /// <summary>How long one that is recorded is known to those that come later, whatever the time to wait: else these would count
    /// twice.</summary>
    private static readonly TimeSpan ReleasedTime = TimeSpan.FromMinutes(10);

    private readonly SpanTree _tree = new();
    private readonly Dictionary<(ulong High, ulong Low), TraceCandidates> _traces = [];
    private readonly Queue<(Candidate Candidate, long Until)> _waiting = new();
    private readonly Queue<(Candidate Candidate, long Until)> _released = new();

    // Used again and again, each within one call.
    private readonly List<Candidate> _added = [];
    private readonly HashSet<(ulong High, ulong Low)> _touched = [];
    private readonly List<(Candidate Candidate, int Depth)> _deepestFirst = [];
    private readonly List<SpanLink> _above = [];
    private readonly List<SpanLink> _aboveOther = [];

    /// <summary>How many are waiting.</summary>
    public int Count { get; private set; }

    /// <summary>Those that are waiting.</summary>
    public IEnumerable<GenerationSpan> Waiting =>
        _waiting.Where(waiting => waiting.Candidate.IsWaiting).Select(waiting => waiting.Candidate.Span);

    /// <summary>Takes what a request brought.</summary>
    /// <param name="links">All its spans.</param>
    /// <param name="generations">Those that are generations, each new.</param>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="release">Takes those that need not wait.</param>
    /// <param name="hold">Takes those that must wait.</param>
    /// <returns>How many were merged into another.</returns>
    public int Add(
        IReadOnlyList<SpanLink> links,
        IReadOnlyList<GenerationSpan> generations,
        long now,
        Action<GenerationSpan> release,
        Action<GenerationSpan> hold)
    {
        foreach (SpanLink link in links)
            _tree.Add(link);
        _added.Clear();
        foreach (GenerationSpan span in generations)
            _added.Add(Take(span));

        int merged = 0;
        _touched.Clear();
        foreach (SpanLink link in links)
        {
            (ulong, ulong) trace = (link.Key.TraceHigh, link.Key.TraceLow);
            if (_traces.TryGetValue(trace, out TraceCandidates? candidates) && _touched.Add(trace))
                merged += Settle(candidates, now, release);
        }

        foreach (Candidate candidate in _added)
        {
            if (!candidate.IsWaiting)
                continue;
            _waiting.Enqueue((candidate, now + holdTime.Ticks));
            hold(candidate.Span);
        }

        ForgetReleased(now);
        return merged;
    }

    /// <summary>Takes those that a server held which was killed.</summary>
    public void Resume(IEnumerable<GenerationSpan> spans, long now)
    {
        foreach (GenerationSpan span in spans)
        {
            _tree.Add(new SpanLink(span.Key, span.Parent, span.Agent));
            _waiting.Enqueue((Take(span), now + holdTime.Ticks));
        }
    }

    /// <summary>Takes those that were recorded before all above them was known.</summary>
    public void ResumeReleased(IEnumerable<GenerationSpan> spans, long now)
    {
        foreach (GenerationSpan span in spans)
        {
            _tree.Add(new SpanLink(span.Key, span.Parent, span.Agent));
            Candidate candidate = Take(span);
            candidate.IsReleased = true;
            Count--;
            _released.Enqueue((candidate, now + ReleasedTime.Ticks));
        }
    }

    /// <summary>Releases those that have waited long enough.</summary>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="max">How many at most.</param>
    /// <param name="release">Takes them.</param>
    /// <returns>Whether there may be more.</returns>
    public bool ReleaseDue(long now, int max, Action<GenerationSpan> release)
    {
        ForgetReleased(now);
        int count = 0;
        while (_waiting.TryPeek(out (Candidate Candidate, long Until) next) && (next.Until <= now || !next.Candidate.IsWaiting))
        {
            if (count == max)
                return true;
            _waiting.Dequeue();
            if (!next.Candidate.IsWaiting)
                continue;
            next.Candidate.Span.IsRecordedEarly = true;
            Release(next.Candidate, now, release);
            count++;
        }

        return false;
    }

    private Candidate Take(GenerationSpan span)
    {
        var candidate = new Candidate(span);
        (ulong, ulong) trace = (span.TraceHigh, span.TraceLow);
        if (!_traces.TryGetValue(trace, out TraceCandidates? candidates))
            _traces.Add(trace, candidates = new TraceCandidates());
        candidates.Add(candidate);
        Count++;
        return candidate;
    }

    /// <summary>Merges what can be merged in a trace, and releases those above which nothing can come any more.</summary>
    private int Settle(TraceCandidates candidates, long now, Action<GenerationSpan> release)
    {
        // The lowest first, so that usage comes up step by step and each step sees what is below it.
        int merged = 0;
        _deepestFirst.Clear();
        foreach (Candidate candidate in candidates.Open)
        {
            _tree.Walk(candidate.Span.Key, candidate.Span.Parent, _above);
            if (_above.Count > 0)
                _deepestFirst.Add((candidate, _above.Count));
        }

        _deepestFirst.Sort((one, other) => other.Depth.CompareTo(one.Depth));
        foreach ((Candidate below, _) in _deepestFirst)
        {
            if (!below.IsDropped && MergeUp(below, candidates))
                merged++;
        }

        foreach (Candidate candidate in candidates.Open)
        {
            if (!_tree.Walk(candidate.Span.Key, candidate.Span.Parent, _above))
                continue;
            if (candidate.IsWaiting)
                Release(candidate, now, release);
            candidate.IsOpen = false;
        }

        candidates.RemoveClosed();
        return merged;
    }

    private bool MergeUp(Candidate below, TraceCandidates candidates)
    {
        _tree.Walk(below.Span.Key, below.Span.Parent, _above);
        Candidate? above = null;
        foreach (SpanLink link in _above)
        {
            above = candidates.Find(link.Key.Span);
            if (above is not null && above != below && above.Span.IsSameCallAs(below.Span))
                break;
            above = null;
        }

        // Of two that are recorded both stay.
        if (above is null || (below.IsReleased && above.IsReleased))
            return false;

        if (below.IsReleased)
        {
            // The one above came too late to take it in: the call is recorded.
            Drop(above, candidates);
            return true;
        }

        if (!above.IsReleased)
            above.Merge(below, takesUsage: !above.HasOwnUsage && !HasUsageOnTheWay(below, above));
        Drop(below, candidates);
        return true;
    }

    /// <summary>Whether the one above has usage already of a span between the two, or of one below the one below.</summary>
    private bool HasUsageOnTheWay(Candidate below, Candidate above)
    {
        foreach (ulong source in above.UsageFrom)
        {
            if (_above.Exists(link => link.Key.Span == source))
                return true;
            SpanKey key = below.Span.Key.WithSpan(source);
            _tree.Walk(key, _tree.ParentOf(key), _aboveOther);
            if (_aboveOther.Exists(link => link.Key.Span == below.Span.Span))
                return true;
        }

        return false;
    }

    private void Release(Candidate candidate, long now, Action<GenerationSpan> release)
    {
        _tree.Walk(candidate.Span.Key, candidate.Span.Parent, _above);
        candidate.Span.Agent ??= _above.Find(link => link.Agent is not null).Agent;
        candidate.IsReleased = true;
        Count--;
        _released.Enqueue((candidate, now + ReleasedTime.Ticks));
        release(candidate.Span);
    }

    private void Drop(Candidate candidate, TraceCandidates candidates)
    {
        candidate.IsDropped = true;
        candidates.Remove(candidate);
        Count--;
    }

    private void ForgetReleased(long now)
    {
        while (_released.TryPeek(out (Candidate Candidate, long Until) next) && (next.Until <= now || _released.Count > MaxReleased))
        {
            _released.Dequeue();
            (ulong, ulong) trace = (next.Candidate.Span.TraceHigh, next.Candidate.Span.TraceLow);
            if (!_traces.TryGetValue(trace, out TraceCandidates? candidates))
                continue;
            candidates.Remove(next.Candidate);
            if (candidates.IsEmpty)
                _traces.Remove(trace);
        }
    }
}
