namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Generations of one sender that wait for the spans above them, which end later. A span above that is for the same call absorbs
/// those below it. Not thread-safe.</summary>
internal sealed class HeldSpans(TimeSpan holdTime)
{
    private const int MaxReleased = 32_768;

    /// <summary>How long a recorded span is remembered for spans that arrive later, whatever the time to wait. Otherwise, these would be
    /// counted twice.</summary>
    private static readonly TimeSpan ReleasedTime = TimeSpan.FromMinutes(10);

    private readonly SpanTree _tree = new();
    private readonly Dictionary<(ulong High, ulong Low), TraceCandidates> _traces = [];
    private readonly Queue<(Candidate Candidate, long Until)> _waiting = new();
    private readonly Queue<(Candidate Candidate, long Until)> _released = new();

    // Reused; each is used within one call only.
    private readonly List<Candidate> _added = [];
    private readonly HashSet<(ulong High, ulong Low)> _touched = [];
    private readonly List<Candidate> _open = [];
    private readonly List<(Candidate Candidate, int Depth)> _deepestFirst = [];
    private readonly List<SpanLink> _above = [];
    private readonly List<SpanLink> _aboveOther = [];

    /// <summary>The number of waiting spans.</summary>
    public int Count { get; private set; }

    /// <summary>The waiting spans.</summary>
    public IEnumerable<GenerationSpan> Waiting =>
        _waiting.Where(waiting => waiting.Candidate.IsWaiting).Select(waiting => waiting.Candidate.Span);

    /// <summary>Adds the spans of a request.</summary>
    /// <param name="links">All spans of the request.</param>
    /// <param name="generations">Those of them that are generations. All must be new.</param>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="release">Receives the generations that need not wait.</param>
    /// <param name="hold">Receives the generations that must wait.</param>
    /// <returns>The number of generations that were merged into another.</returns>
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

    /// <summary>Adds the spans that were waiting when a server was killed.</summary>
    public void Resume(IEnumerable<GenerationSpan> spans, long now)
    {
        foreach (GenerationSpan span in spans)
        {
            _tree.Add(new SpanLink(span.Key, span.Parent, span.Agent, span.Workflow));
            _waiting.Enqueue((Take(span), now + holdTime.Ticks));
        }
    }

    /// <summary>Adds the spans that were recorded before all spans above them were known.</summary>
    public void ResumeReleased(IEnumerable<GenerationSpan> spans, long now)
    {
        foreach (GenerationSpan span in spans)
        {
            _tree.Add(new SpanLink(span.Key, span.Parent, span.Agent, span.Workflow));
            Candidate candidate = Take(span);
            TakeOut(candidate, now);
        }
    }

    /// <summary>Releases the spans that have waited long enough.</summary>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="max">The maximum number of spans to release.</param>
    /// <param name="release">Receives the spans.</param>
    /// <returns><see langword="true"/> if there may be more; otherwise, <see langword="false"/>.</returns>
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

    /// <summary>Merges the spans of a trace as far as possible, and releases those above which no further span can arrive.</summary>
    private int Settle(TraceCandidates candidates, long now, Action<GenerationSpan> release)
    {
        // Begin with the lowest, so that usage moves up step by step and each step sees what is below it.
        int merged = 0;
        _deepestFirst.Clear();
        candidates.CopyOpenTo(_open);
        foreach (Candidate candidate in _open)
        {
            _tree.Walk(candidate.Key, candidate.Parent, _above);
            if (_above.Count > 0)
                _deepestFirst.Add((candidate, _above.Count));
        }

        _deepestFirst.Sort((one, other) => other.Depth.CompareTo(one.Depth));
        foreach ((Candidate below, _) in _deepestFirst)
        {
            if (!below.IsDropped && MergeUp(below, candidates))
                merged++;
        }

        foreach (Candidate candidate in _open)
        {
            if (candidate.IsDropped || !_tree.Walk(candidate.Key, candidate.Parent, _above))
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
        _tree.Walk(below.Key, below.Parent, _above);
        Candidate? above = null;
        foreach (SpanLink link in _above)
        {
            above = candidates.Find(link.Key.Span);
            if (above is not null && above != below && above.IsSameCallAs(below))
                break;
            above = null;
        }

        // If both are recorded, both stay.
        if (above is null || (below.IsReleased && above.IsReleased))
            return false;

        if (below.IsReleased)
        {
            // The span above arrived too late to absorb it: the call is already recorded.
            Drop(above, candidates);
            return true;
        }

        if (!above.IsReleased)
            above.Merge(below, takesUsage: !above.HasOwnUsage && !HasUsageOnTheWay(below, above));
        Drop(below, candidates);
        return true;
    }

    /// <summary>Returns whether the span above already has usage from a span between the two, or from one below the lower one.</summary>
    private bool HasUsageOnTheWay(Candidate below, Candidate above)
    {
        foreach (ulong source in above.UsageFrom)
        {
            if (_above.Exists(link => link.Key.Span == source))
                return true;
            SpanKey key = below.Key.WithSpan(source);
            _tree.Walk(key, _tree.ParentOf(key), _aboveOther);
            if (_aboveOther.Exists(link => link.Key.Span == below.Key.Span))
                return true;
        }

        return false;
    }

    private void Release(Candidate candidate, long now, Action<GenerationSpan> release)
    {
        _tree.Walk(candidate.Key, candidate.Parent, _above);
        candidate.Span.Agent ??= _above.Find(link => link.Agent is not null).Agent;
        candidate.Span.Workflow ??= _above.Find(link => link.Workflow is not null).Workflow;
        release(TakeOut(candidate, now));
    }

    private GenerationSpan TakeOut(Candidate candidate, long now)
    {
        Count--;
        _released.Enqueue((candidate, now + ReleasedTime.Ticks));
        return candidate.Release();
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
            (ulong, ulong) trace = (next.Candidate.Key.TraceHigh, next.Candidate.Key.TraceLow);
            if (!_traces.TryGetValue(trace, out TraceCandidates? candidates))
                continue;
            candidates.Remove(next.Candidate);
            if (candidates.IsEmpty)
                _traces.Remove(trace);
        }
    }
}
