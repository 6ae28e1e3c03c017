using System.Diagnostics;
using Afterimage.Monitoring.Handlers;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Delivers alerts to their handlers, each of which has a queue of its own.</summary>
#pragma warning disable CA1001 // A handler that will not end may go on looking at the token, and a source without a timer holds nothing.
internal sealed class AlertAnnouncer
#pragma warning restore CA1001
{
    // Who announces waits for nobody: timers do, and who records.
    private const int Capacity = 16_384;

    private readonly List<Target> _targets = [];
    private readonly AlertFile? _file;
    private readonly CancellationTokenSource _timeIsOver = new();

    public AlertAnnouncer(IEnumerable<IAlertHandler> handlers, AlertFile? file, TimeSpan timeLimit, TroubleLog troubleLog)
    {
        _file = file;
        if (file is not null)
        {
            Add(
                new HandlerContract<IReadOnlyList<Alert>>("alerts.jsonl", alerts =>
                {
                    file.Write(alerts);
                    return default;
                })
                {
                    IsLossless = true,
                    Flush = file.Flush,
                    Capacity = Capacity,
                },
                handler: null);
        }

        int position = 0;
        foreach (IAlertHandler handler in handlers)
        {
            position++;
            if (handler is not AlertTarget target)
            {
                Add(
                    new HandlerContract<IReadOnlyList<Alert>>(
                        NameOf(handler),
                        alerts => Wait(handler.HandleAlertsAsync(alerts, _timeIsOver.Token)))
                    {
                        Capacity = Capacity,
                        Abort = _timeIsOver.Cancel,
                    },
                    handler);
            }
            else
            {
                Add(
                    new HandlerContract<IReadOnlyList<Alert>>(
                        $"alert handler {position}",
                        target.HandleEach)
                    {
                        Capacity = Capacity,
                    },
                    handler: null);
            }
        }

        void Add(HandlerContract<IReadOnlyList<Alert>> contract, IAlertHandler? handler) =>
            _targets.Add(new Target(new HandlerQueue<IReadOnlyList<Alert>>(contract, timeLimit, troubleLog), handler));

        string NameOf(IAlertHandler handler)
        {
            string name = handler.GetType().Name;
            int count = _targets.Count(target => target.Handler?.GetType() == handler.GetType());
            return count == 0 ? name : $"{name} {count + 1}";
        }
    }

    public IReadOnlyList<HandlerStatistics> Statistics => [.. _targets.Select(target => target.Queue.Statistics)];

    public void Announce(IReadOnlyList<Alert> alerts)
    {
        if (alerts.Count == 0)
            return;
        foreach (Target target in _targets)
            target.Queue.Enqueue(alerts, alerts.Count);
    }

    /// <summary>Announces the result of an evaluation. Handlers that hear every evaluation are called even if there is nothing
    /// new.</summary>
    public void AnnounceEvaluation(IReadOnlyList<Alert> news)
    {
        Announce(news);
        foreach (Target target in _targets)
        {
            // A handler that is still busy with the last evaluation does not need another.
            if (news.Count == 0 && target.Handler?.HearsEveryEvaluation == true && target.Queue.IsEmpty)
                target.Queue.Enqueue(news, weight: 0);
        }
    }

    /// <summary>Completes when the handlers have handled everything announced so far, or have made no progress for their time
    /// limit.</summary>
    public async Task FlushAsync()
    {
        Thread requester = Thread.CurrentThread;
        try
        {
            await Task.WhenAll(_targets.Select(target => target.Queue.FlushAsync(requester))).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The file could not be written. This has been logged, and it will be tried again.
        }
    }

    public void BeginClose() => _targets.ForEach(target => target.Queue.BeginClose());

    /// <param name="deadline">The deadline, as a value of <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void Close(long deadline)
    {
        foreach (Target target in _targets)
            target.Queue.Close(deadline, target.Handler);
        _file?.Dispose();
    }

    // Blocking is fine: the thread belongs to the handler.
    private static HandlerOutcome Wait(ValueTask task)
    {
        task.AsTask().GetAwaiter().GetResult();
        return default;
    }

    private sealed record Target(HandlerQueue<IReadOnlyList<Alert>> Queue, IAlertHandler? Handler);
}
