using System.Collections.Concurrent;
using Afterimage.Monitoring.Recording;

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
        TimerFails,
        SetAside,
    }

    public void ReportFailure(string handler, Exception error) =>
        Report(handler, Trouble.HandlerFails, $"Handler {handler} failed: {UserText.MessageOf(error)}", error);

    public void ReportDropping(string handler) =>
        Report(
            handler,
            Trouble.HandlerDrops,
            $"Handler {handler} cannot keep up: its queue is full and its records are dropped",
            error: null);

    public void ReportSetAside(string handler, int records, Exception error) =>
        Report(
            handler,
            Trouble.SetAside,
            $"Handler {handler} keeps refusing records but accepts later ones; {records} were set aside and are lost to it: "
            + UserText.MessageOf(error),
            error);

    public void ReportTimer(string timer, Exception error) =>
        Report(timer, Trouble.TimerFails, $"The timer of {timer} failed: {UserText.MessageOf(error)}", error);

    /// <param name="dropped">Records dropped so far.</param>
    public void ReportFullBuffers(long dropped) =>
        Report(
            "",
            Trouble.BuffersDrop,
            $"The handlers cannot keep up: buffers are full, and {dropped} records have been dropped so far",
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
