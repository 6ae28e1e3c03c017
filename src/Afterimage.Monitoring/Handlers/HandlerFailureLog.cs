using System.Collections.Concurrent;

namespace Afterimage.Monitoring.Handlers;

/// <summary>Says once per burst that a handler fails or drops: a burst is over when a minute has passed without.</summary>
internal sealed class HandlerFailureLog(TimeProvider timeProvider, Action<string, Exception?> report)
{
    private static readonly TimeSpan BurstGap = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Handler, bool Drops), long> _lastSeen = new();

    public void ReportFailure(string handler, Exception error) =>
        Report((handler, Drops: false), $"Handler {handler} failed: {error.Message}", error);

    public void ReportDropping(string handler) =>
        Report((handler, Drops: true), $"Handler {handler} cannot keep up: its queue is full and records are dropped for it", error: null);

    private void Report((string Handler, bool Drops) burst, string message, Exception? error)
    {
        long now = timeProvider.GetTimestamp();
        bool isNew = true;
        _lastSeen.AddOrUpdate(burst, now, (_, last) =>
        {
            isNew = timeProvider.GetElapsedTime(last, now) >= BurstGap;
            return now;
        });

        if (isNew)
            report(message, error);
    }
}
