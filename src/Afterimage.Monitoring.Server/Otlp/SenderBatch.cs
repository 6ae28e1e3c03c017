namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>What a request brought of one sender. Used for any number of requests, one at a time.</summary>
internal sealed class SenderBatch
{
    private const int MaxCapacityToKeep = 16_384;

    public SenderId Sender { get; private set; }

    /// <summary>All spans, generations or not: they say what is below what.</summary>
    public List<SpanLink> Links { get; } = [];

    public List<GenerationSpan> Generations { get; } = [];

    public List<EvaluationEvent> Evaluations { get; } = [];

    /// <summary>Whether it is not too large to be kept for another request.</summary>
    public bool IsToBeKept => Links.Capacity <= MaxCapacityToKeep;

    public void Begin(SenderId sender) => Sender = sender;

    public void Clear()
    {
        Links.Clear();
        Generations.Clear();
        Evaluations.Clear();
    }
}
