namespace Afterimage.Monitoring;

/// <summary>Handles recorded data, point by point or record by record.</summary>
/// <remarks>
/// <para>Each handler has a queue and a thread of its own. It is never called by two threads at once, and neither its duration nor its
/// exceptions affect recording or other handlers. An exception is counted (<see cref="HandlerStatistics.Failures"/>) and logged once per
/// burst.</para>
/// <para>The monitor owns its handlers: a handler that implements <see cref="IDisposable"/> is disposed with the monitor, after its queue
/// is empty.</para>
/// </remarks>
public interface IMetricHandler
{
    /// <summary>Handles one metric point. Default: does nothing.</summary>
    /// <param name="metricName">The metric, such as <c>generation_time</c>.</param>
    /// <param name="value">The value, in the metric's unit. NaN or infinite if such a value was recorded.</param>
    /// <param name="metadata">
    /// The metadata of the point: always <c>timestamp</c> (<see cref="DateTimeOffset"/>, UTC) and <c>event</c>, then the fields and tags of
    /// its record under their names in the log format. The points of one record share it: it must not be changed.
    /// </param>
    void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata)
    {
    }

    /// <summary>
    /// Handles a batch of whole records. Default: calls <see cref="HandleMetric"/> for each point that the records stand for; if a call
    /// throws, the points after it are still handled.
    /// </summary>
    /// <param name="batch">The records. Valid only during the call, because the batch is reused afterwards.</param>
    void HandleBatch(MetricBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.ForEachPoint(this);
    }

    /// <summary>Makes everything handled so far durable. Called by <see cref="GenerationMonitor.FlushAsync"/> and at disposal. Default:
    /// does nothing.</summary>
    void Flush()
    {
    }

    /// <summary>
    /// Whether this handler must get every record. Default: <see langword="false"/>, what does not fit its queue is dropped for this
    /// handler alone, and counted. <see langword="true"/>: a full queue holds up recording under <see cref="BufferFullMode.Wait"/> for as
    /// long as the handler makes progress within <see cref="GenerationMonitorOptions.HandlerTimeLimit"/>, and a batch whose call throws is
    /// given again, so that <see cref="HandleBatch"/> must take a batch whole or not at all. If the handler refuses a batch again and
    /// again, other than by an <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>, and takes the next, it gets the
    /// refused batch record by record; the records that it still refuses are set aside and count as
    /// <see cref="HandlerStatistics.Failed"/>.
    /// </summary>
    bool IsLossless => false;
}
