namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A generation that may be merged with others of its trace, or was recorded recently.</summary>
internal sealed class Candidate(GenerationSpan span)
{
    private List<ulong>? _usageFrom;

    public GenerationSpan Span { get; } = span;

    /// <summary>Whether the span itself reported usage; otherwise, only the spans below it did.</summary>
    public bool HasOwnUsage { get; } = span.HasUsage;

    /// <summary>Whether a span above it, for the same call, may still arrive.</summary>
    public bool IsOpen { get; set; } = true;

    public bool IsReleased { get; set; }

    public bool IsDropped { get; set; }

    public bool IsWaiting => !IsReleased && !IsDropped;

    /// <summary>The spans from which its usage was taken.</summary>
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
