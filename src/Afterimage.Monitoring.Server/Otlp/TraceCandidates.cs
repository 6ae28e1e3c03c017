namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The candidates of one trace. Most traces have one, some have thousands.</summary>
internal sealed class TraceCandidates
{
    private const int MaxToSearch = 8;

    private readonly List<Candidate> _all = new(1);
    private Dictionary<ulong, Candidate>? _bySpan;

    public IReadOnlyList<Candidate> All => _all;

    public void Add(Candidate candidate)
    {
        _all.Add(candidate);
        if (_bySpan is not null)
            _bySpan[candidate.Span.Span] = candidate;
        else if (_all.Count > MaxToSearch)
            _bySpan = _all.ToDictionary(c => c.Span.Span);
    }

    public void Remove(Candidate candidate)
    {
        _all.Remove(candidate);
        _bySpan?.Remove(candidate.Span.Span);
    }

    public Candidate? Find(ulong span)
    {
        if (_bySpan is not null)
            return _bySpan.GetValueOrDefault(span);
        foreach (Candidate candidate in _all)
        {
            if (candidate.Span.Span == span)
                return candidate;
        }

        return null;
    }
}
