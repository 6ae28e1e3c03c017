namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A generation that may be merged with others of its trace, or was recorded lately.</summary>
internal sealed class Candidate(GenerationSpan span)
{
    private List<ulong>? _usageFrom;

    public GenerationSpan Span { get; } = span;

    /// <summary>Whether it told usage itself; else those below it are the only ones to tell.</summary>
    public bool HasOwnUsage { get; } = span.HasUsage;

    /// <summary>Whether one may still come above it that tells of the same call.</summary>
    public bool IsOpen { get; set; } = true;

    public bool IsReleased { get; set; }

    public bool IsDropped { get; set; }

    public bool IsWaiting => !IsReleased && !IsDropped;

    /// <summary>The spans that its usage was taken from.</summary>
    public IReadOnlyList<ulong> UsageFrom => _usageFrom ?? [];

    public void Merge(Candidate below, bool takesUsage)
    {
        Span.Merge(below.Span, takesUsage);
        if (!takesUsage || !below.Span.HasUsage)
            return;
        _usageFrom ??= [];
        _usageFrom.Add(below.Span.Span);
    }
}
