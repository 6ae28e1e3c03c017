namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The data of one sender in a request. An instance can be used for any number of requests, one at a time.</summary>
internal sealed class SenderBatch
{
    private const int MaxCapacityToKeep = 16_384;

    public SenderId Sender { get; private set; }

    /// <summary>All spans, including those that are not generations, because they define the hierarchy.</summary>
    public List<SpanLink> Links { get; } = [];

    public List<GenerationSpan> Generations { get; } = [];

    public List<EvaluationEvent> Evaluations { get; } = [];

    /// <summary>Whether the instance is small enough to be kept for another request.</summary>
    public bool IsToBeKept => Links.Capacity <= MaxCapacityToKeep;

    public void Begin(SenderId sender) => Sender = sender;

    public void Clear()
    {
        Links.Clear();
        Generations.Clear();
        Evaluations.Clear();
    }
}
