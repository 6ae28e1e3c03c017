using System.Collections.Concurrent;

namespace Afterimage.Monitoring;

/// <summary>Keeps what goes wrong beside a call away from the call, and logs each kind of it once.</summary>
internal sealed class CallFaults(GenerationMonitor monitor)
{
    private readonly ConcurrentDictionary<string, bool> _logged = new();

    /// <summary>Does something that the call does not need.</summary>
    /// <param name="subject">What is at fault if it throws.</param>
    /// <param name="action">What to do.</param>
    public void Try(string subject, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            Report(subject, e);
        }
    }

    /// <summary>Asks for something that the call can do without.</summary>
    /// <param name="subject">What is at fault if it throws.</param>
    /// <param name="function">What to ask.</param>
    /// <returns>The answer; the default where there is none.</returns>
    public T? Ask<T>(string subject, Func<T?> function)
    {
        try
        {
            return function();
        }
        catch (Exception e)
        {
            Report(subject, e);
            return default;
        }
    }

    private void Report(string subject, Exception exception)
    {
        // The end of a monitor is no fault.
        if (exception is ObjectDisposedException || !_logged.TryAdd(subject, true))
            return;

        monitor.LogError($"{subject} failed; the call went on without it", exception);
    }
}
