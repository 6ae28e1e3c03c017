using System.Diagnostics;
using Afterimage.Monitoring.Handlers;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Brings alerts to their handlers, each behind a queue of its own.</summary>
internal sealed class AlertAnnouncer
{
    private readonly List<HandlerQueue<Alert>> _queues;
    private readonly AlertFile _file;

    public AlertAnnouncer(IEnumerable<Action<Alert>> handlers, AlertFile file, TimeSpan timeLimit, TroubleLog troubleLog)
    {
        _file = file;
        _queues =
        [
            QueueOf("alerts.jsonl", file.Write),
            .. handlers.Select((handler, i) => QueueOf($"alert handler {i + 1}", handler)),
        ];

        HandlerQueue<Alert> QueueOf(string name, Action<Alert> handler) => new(
            new HandlerContract<Alert>(name, alert =>
            {
                handler(alert);
                return default;
            })
            {
                Capacity = 1024,
            },
            timeLimit,
            troubleLog);
    }

    public void Announce(IReadOnlyList<Alert> alerts)
    {
        foreach (Alert alert in alerts)
        {
            foreach (HandlerQueue<Alert> queue in _queues)
                queue.Enqueue(alert, weight: 1);
        }
    }

    /// <summary>Ends when the handlers are through with what was announced, or have stood still for their time limit.</summary>
    public Task FlushAsync() => Task.WhenAll(_queues.Select(q => q.FlushAsync(Thread.CurrentThread)));

    public void BeginClose() => _queues.ForEach(q => q.BeginClose());

    /// <param name="deadline">As <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void Close(long deadline)
    {
        foreach (HandlerQueue<Alert> queue in _queues)
            queue.Close(deadline);
        _file.Dispose();
    }
}
