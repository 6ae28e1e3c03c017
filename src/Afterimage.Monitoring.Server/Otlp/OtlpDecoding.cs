namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Receives the resources, spans and log records of one request from a decoder, and keeps those that are records. An instance can
/// be used for any number of requests, one at a time.</summary>
internal sealed class OtlpDecoding
{
    private const int MaxIdleBatches = 4;

    private readonly SpanMapping _mapping;
    private readonly Dictionary<SenderId, SenderBatch> _batches = [];
    private readonly Stack<SenderBatch> _idleBatches = new();
    private SenderBatch? _batch;

    public OtlpDecoding()
    {
        _mapping = new SpanMapping(Item);
        Protobuf = new ProtobufDecoder(this);
        Json = new JsonDecoder(this);
    }

    public IOtlpDecoder Protobuf { get; }

    public IOtlpDecoder Json { get; }

    /// <summary>The item that a decoder fills and then ends.</summary>
    public OtlpItem Item { get; } = new();

    public IReadOnlyCollection<SenderBatch> Batches => _batches.Values;

    public long Spans { get; private set; }

    public long LogRecords { get; private set; }

    public long Metrics { get; private set; }

    /// <summary>The number of generation spans and evaluation log records that cannot be recorded.</summary>
    public long Rejected { get; private set; }

    /// <summary>The reason for the last rejection.</summary>
    public string? RejectionReason { get; private set; }

    public void Begin(ReadOnlyMemory<byte> body)
    {
        Item.Clear();
        Item.Body = body;
        foreach (SenderBatch batch in _batches.Values)
        {
            batch.Clear();
            if (batch.IsToBeKept && _idleBatches.Count < MaxIdleBatches)
                _idleBatches.Push(batch);
        }

        _batches.Clear();
        _batch = null;
        Spans = LogRecords = Metrics = Rejected = 0;
        RejectionReason = null;
    }

    /// <summary>Releases the body.</summary>
    public void End() => Begin(default);

    /// <summary>Takes the item as a complete resource.</summary>
    public void BeginResource()
    {
        SenderId sender = _mapping.TakeResource();
        if (_batches.TryGetValue(sender, out _batch))
            return;
        if (!_idleBatches.TryPop(out _batch))
            _batch = new SenderBatch();
        _batch.Begin(sender);
        _batches.Add(sender, _batch);
    }

    public void BeginScope(ReadOnlySpan<byte> name) => _mapping.TakeScope(name);

    /// <summary>Takes the item as a complete span.</summary>
    public void EndSpan()
    {
        Spans++;
        bool isGeneration = _mapping.IsGeneration();
        if (!Item.Key.IsValid)
        {
            if (isGeneration)
                Reject("The trace id or the span id of a span is not valid.");
            return;
        }

        _batch!.Links.Add(new SpanLink(Item.Key, Item.Parent, _mapping.AgentOf(), _mapping.WorkflowOf()));
        if (!isGeneration)
            return;
        if (_mapping.ToGeneration(out string? reason) is { } generation)
            _batch.Generations.Add(generation);
        else
            Reject(reason!);
    }

    /// <summary>Takes the item as a complete log record.</summary>
    public void EndLog()
    {
        LogRecords++;
        if (!_mapping.IsEvaluation())
            return;
        if (_mapping.ToEvaluation(out string? reason) is { } evaluation)
            _batch!.Evaluations.Add(evaluation);
        else
            Reject(reason!);
    }

    public void EndMetric() => Metrics++;

    private void Reject(string reason)
    {
        Rejected++;
        RejectionReason = reason;
    }
}
