namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The candidates of one trace. Most traces have one, some have thousands.</summary>
internal sealed class TraceCandidates
{
    // Either a single candidate or several.
    private Candidate? _single;
    private Dictionary<ulong, Candidate>? _several;
    private List<Candidate>? _open;

    public bool IsEmpty => _single is null && _several is null or { Count: 0 };

    public void Add(Candidate candidate)
    {
        if (_several is null && _single is null)
        {
            _single = candidate;
            return;
        }

        if (_several is null)
        {
            _several = new() { [_single!.Key.Span] = _single };
            _open = _single.IsOpen ? [_single] : [];
            _single = null;
        }

        _several[candidate.Key.Span] = candidate;
        _open!.Add(candidate);
    }

    /// <summary>Removes a candidate, so that it can no longer be found.</summary>
    public void Remove(Candidate candidate)
    {
        if (_single == candidate)
            _single = null;
        _several?.Remove(candidate.Key.Span);
        if (candidate.IsOpen)
            _open?.Remove(candidate);
    }

    /// <summary>Collects the candidates above which a span may still arrive.</summary>
    public void CopyOpenTo(List<Candidate> open)
    {
        open.Clear();
        if (_open is not null)
            open.AddRange(_open);
        else if (_single is { IsOpen: true })
            open.Add(_single);
    }

    /// <summary>Removes candidates that are no longer open from the open ones. They can still be found.</summary>
    public void RemoveClosed() => _open?.RemoveAll(candidate => !candidate.IsOpen);

    public Candidate? Find(ulong span) =>
        _several is null ? (_single?.Key.Span == span ? _single : null) : _several.GetValueOrDefault(span);
}
