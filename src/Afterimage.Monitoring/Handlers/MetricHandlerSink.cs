using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Handlers;

/// <summary>Passes the pump's batches to one metric handler.</summary>
internal sealed class MetricHandlerSink : IRecordSink
{
    private readonly Func<bool>? _isListening;

    /// <param name="name">The name of the handler in statistics and log.</param>
    /// <param name="handler">The handler.</param>
    /// <param name="names">The names of the records.</param>
    /// <param name="timeLimit">How long the handler may make no progress.</param>
    /// <param name="troubleLog">Receives the handler's problems.</param>
    /// <param name="isListening">Called before each batch. While it returns <see langword="false"/>, the handler costs nothing. Default:
    /// always <see langword="true"/>.</param>
    public MetricHandlerSink(
        string name,
        IMetricHandler handler,
        Names names,
        TimeSpan timeLimit,
        TroubleLog troubleLog,
        Func<bool>? isListening = null)
    {
        _isListening = isListening;
        Handler = handler;
        Queue = new HandlerQueue<RecordBatch>(
            new HandlerContract<RecordBatch>(name, batch => Handle(batch, names))
            {
                Release = batch => batch.Release(),
                HandleParts = batch => HandleEach(batch, names),
                Flush = handler.Flush,
                IsLossless = handler.IsLossless,
                WaitsForRoom = handler.IsLossless,

                // If a lossless handler falls behind, recording blocks in the end. A larger queue would only take memory.
                Capacity = handler.IsLossless ? 16 * RecordBatch.Capacity : 128 * RecordBatch.Capacity,
            },
            timeLimit,
            troubleLog);
    }

    public IMetricHandler Handler { get; }

    public HandlerQueue<RecordBatch> Queue { get; }

    public void Accept(RecordBatch batch)
    {
        int weight = batch.Count - batch.LogCount;
        if (weight == 0 || _isListening?.Invoke() == false)
            return;

        batch.AddHolder();
        Queue.Enqueue(batch, weight);
    }

    public Task FlushAsync(Thread requester) => Queue.FlushAsync(requester);

    private HandlerOutcome Handle(RecordBatch records, Names names)
    {
        var batch = new MetricBatch(records, names);
        Handler.HandleBatch(batch);
        return batch.Outcome;
    }

    private HandlerOutcome HandleEach(RecordBatch records, Names names)
    {
        int failed = 0;
        Exception? error = null;
        for (int i = 0; i < records.Count; i++)
        {
            if (records.Array[i].Kind == RecordKind.Log)
                continue;

            var batch = new MetricBatch(records, names, only: i);
            try
            {
                Handler.HandleBatch(batch);
                failed += batch.Outcome.FailedRecords;
                error ??= batch.Outcome.Error;
            }
            catch (Exception e)
            {
                failed++;
                error ??= e;
            }
        }

        return new HandlerOutcome(failed, failed, error);
    }
}
