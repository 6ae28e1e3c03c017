namespace Afterimage.Monitoring;

/// <summary>Handles the entries of the monitor's log.</summary>
/// <remarks>
/// Each handler has a queue and a thread of its own. It is never called by two threads at once, and neither its duration nor its exceptions
/// affect recording or other handlers. The rules of <see cref="IMetricHandler"/> about failure, loss and disposal also apply here.
/// </remarks>
public interface ILogHandler
{
    /// <summary>Handles one entry.</summary>
    /// <param name="entry">The entry.</param>
    void HandleLog(LogEntry entry);

    /// <summary>Makes everything handled so far durable. Called by <see cref="GenerationMonitor.FlushAsync"/> and at disposal. Default:
    /// does nothing.</summary>
    void Flush()
    {
    }

    /// <summary>Whether recording waits for this handler when its queue is full. Default: <see langword="false"/>. See
    /// <see cref="IMetricHandler.IsLossless"/>.</summary>
    bool IsLossless => false;
}
