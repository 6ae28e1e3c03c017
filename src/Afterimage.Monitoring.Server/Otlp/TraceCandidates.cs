namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The candidates of one trace. Most traces have one, some have thousands.</summary>
internal sealed class TraceCandidates
{
    private const int MaxToSearch = 8;

    private readonly List<Candidate> _few = new(1);
    private readonly List<Candidate> _open = new(1);
    private Dictionary<ulong, Candidate>? _many;

    public bool IsEmpty => _many is null ? _few.Count == 0 : _many.Count == 0;

    /// <summary>The candidates above which a span may still arrive.</summary>
    public IReadOnlyList<Candidate> Open => _open;

    public void Add(Candidate candidate)
    {
        _open.Add(candidate);
        if (_many is null && _few.Count < MaxToSearch)
        {
            _few.Add(candidate);
            return;
        }

        if (_many is null)
        {
            _many = _few.ToDictionary(few => few.Span.Span);
            _few.Clear();
        }

        _many[candidate.Span.Span] = candidate;
    }

    /// <summary>Removes a candidate, so that it can no longer be found.</summary>
    public void Remove(Candidate candidate)
    {
        if (candidate.IsOpen)
            _open.Remove(candidate);
        if (_many is null)
            _few.Remove(candidate);
        else
            _many.Remove(candidate.Span.Span);
    }

    /// <summary>Removes candidates that are no longer open from the open ones. They can still be found.</summary>
    public void RemoveClosed() => _open.RemoveAll(candidate => !candidate.IsOpen);

    public Candidate? Find(ulong span)
    {
        if (_many is not null)
            return _many.GetValueOrDefault(span);
        foreach (Candidate candidate in _few)
        {
            if (candidate.Span.Span == span)
                return candidate;
        }

        return null;
    }
}
