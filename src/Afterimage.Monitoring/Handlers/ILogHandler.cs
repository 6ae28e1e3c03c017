using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>Takes the entries of the monitor's log.</summary>
/// <remarks>
/// Each handler has a queue and a thread of its own: it is never called by two threads at once, and neither its time nor its exceptions
/// touch recording or other handlers. What is said of <see cref="IMetricHandler"/> about failure, loss and disposal holds here too.
/// </remarks>
public interface ILogHandler
{
    /// <summary>Takes one entry.</summary>
    /// <param name="entry">The entry.</param>
    void HandleLog(LogEntry entry);

    /// <summary>Makes what was handled so far durable. Called by <see cref="GenerationMonitor.FlushAsync"/> and at disposal. Default: does
    /// nothing.</summary>
    void Flush()
    {
    }

    /// <summary>Whether recording waits for this handler when its queue is full. Default: <see langword="false"/>. See
    /// <see cref="IMetricHandler.IsLossless"/>.</summary>
    bool IsLossless => false;
}
