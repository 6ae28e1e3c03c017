namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A generation that may be merged with others of its trace, or was recorded recently.</summary>
internal sealed class Candidate(GenerationSpan span)
{
    // Null once it is recorded: of many thousands, only what identifies the call is kept.
    private GenerationSpan? _span = span;
    private (string? Id, string? Operation, string? Model) _recorded;
    private List<ulong>? _usageFrom;

    public SpanKey Key { get; } = span.Key;

    /// <summary>The span ID of its parent; 0 if it has none.</summary>
    public ulong Parent { get; } = span.Parent;

    /// <summary>The generation, until it is recorded.</summary>
    public GenerationSpan Span => _span ?? throw new InvalidOperationException("The generation is already recorded.");

    /// <summary>Whether the span itself reported usage; otherwise, only the spans below it did.</summary>
    public bool HasOwnUsage { get; } = span.HasUsage;

    /// <summary>Whether a span above it, for the same call, may still arrive.</summary>
    public bool IsOpen { get; set; } = true;

    public bool IsReleased => _span is null;

    public bool IsDropped { get; set; }

    public bool IsWaiting => !IsReleased && !IsDropped;

    /// <summary>The spans from which its usage was taken.</summary>
    public IReadOnlyList<ulong> UsageFrom => _usageFrom ?? [];

    private (string? Id, string? Operation, string? Model) Call =>
        _span is { } span ? (span.Id, span.Operation, span.Model) : _recorded;

    /// <summary>Returns whether a span below this one is for the same call.</summary>
    public bool IsSameCallAs(Candidate below) =>
        (Call.Id is { } id && id == below.Call.Id)
        || (Call.Operation == below.Call.Operation && Call.Model == below.Call.Model);

    public void Merge(Candidate below, bool takesUsage)
    {
        Span.Merge(below.Span, takesUsage);
        if (!takesUsage || !below.Span.HasUsage)
            return;
        _usageFrom ??= [];
        _usageFrom.Add(below.Key.Span);
    }

    /// <summary>Takes the generation out, to be recorded.</summary>
    public GenerationSpan Release()
    {
        GenerationSpan released = Span;
        _recorded = Call;
        _span = null;
        return released;
    }
}
