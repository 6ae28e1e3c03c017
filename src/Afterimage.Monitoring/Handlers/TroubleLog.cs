using System.Collections.Concurrent;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Handlers;

/// <summary>Reports a problem once per burst. A burst is over when a minute has passed without the problem.</summary>
internal sealed class TroubleLog(TimeProvider timeProvider, Action<string, Exception?> report)
{
    private static readonly TimeSpan BurstGap = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Source, Trouble Trouble), long> _lastSeen = new();

    private enum Trouble
    {
        HandlerFails,
        HandlerDrops,
        BuffersDrop,
    }

    public void ReportFailure(string handler, Exception error) =>
        Report(handler, Trouble.HandlerFails, $"Handler {handler} failed: {error.Message}", error);

    public void ReportDropping(string handler) =>
        Report(
            handler,
            Trouble.HandlerDrops,
            $"Handler {handler} cannot keep up: its queue is full and records are dropped for it",
            error: null);

    /// <param name="dropped">The number of records dropped so far.</param>
    public void ReportFullBuffers(long dropped) =>
        Report(
            "",
            Trouble.BuffersDrop,
            $"Recording outruns the handlers: buffers are full and records are dropped, {dropped} so far",
            error: null);

    private void Report(string source, Trouble trouble, string message, Exception? error)
    {
        long now = timeProvider.GetTimestamp();
        bool isNew = true;
        _lastSeen.AddOrUpdate((source, trouble), now, (_, last) =>
        {
            isNew = timeProvider.GetElapsedTime(last, now) >= BurstGap;
            return now;
        });

        if (isNew)
            report(message, error);
    }
}
