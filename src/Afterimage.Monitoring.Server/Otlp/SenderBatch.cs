namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>What a request brought of one sender.</summary>
internal sealed class SenderBatch(SenderId sender)
{
    public SenderId Sender { get; } = sender;

    /// <summary>All spans, generations or not: they say what is below what.</summary>
    public List<SpanLink> Links { get; } = [];

    public List<GenerationSpan> Generations { get; } = [];

    public List<EvaluationEvent> Evaluations { get; } = [];
}
