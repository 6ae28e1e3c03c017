using System.Collections.Concurrent;

namespace Afterimage.Monitoring;

/// <summary>Keeps failures of side work away from the call, and logs each kind of failure once.</summary>
internal sealed class CallFaults(GenerationMonitor monitor)
{
    private readonly ConcurrentDictionary<string, bool> _logged = new();

    /// <summary>Runs an action that the call does not depend on.</summary>
    /// <param name="subject">What is at fault if the action throws.</param>
    /// <param name="action">The action.</param>
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

    /// <summary>Calls a function that the call does not depend on.</summary>
    /// <param name="subject">What is at fault if the function throws.</param>
    /// <param name="function">The function.</param>
    /// <returns>The result; the default value if the function throws.</returns>
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
        // The disposal of a monitor is not a fault.
        if (exception is ObjectDisposedException || !_logged.TryAdd(subject, true))
            return;

        monitor.LogError($"{subject} failed; the call continued without it", exception);
    }
}
