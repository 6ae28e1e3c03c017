using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Handlers;

/// <summary>Calls the token usage callback on its interval, and once more at the end if the totals have changed.</summary>
/// <remarks>Behind a callback that is still at work no more than one report waits: the next says more.</remarks>
internal sealed class TokenUsageReporter
{
    private readonly Func<TokenUsageReport> _usage;
    private readonly HandlerQueue<TokenUsageReport> _queue;
    private readonly TroubleLog _troubleLog;
    private SafeTimer? _timer;
    private TokenUsageReport? _last;

    public TokenUsageReporter(
        Action<TokenUsageReport> callback,
        Func<TokenUsageReport> usage,
        TimeSpan timeLimit,
        TroubleLog troubleLog)
    {
        _usage = usage;
        _troubleLog = troubleLog;
        _queue = new HandlerQueue<TokenUsageReport>(
            new HandlerContract<TokenUsageReport>(
                "token usage callback",
                report =>
                {
                    callback(report);
                    return default;
                })
            {
                Capacity = 16,
            },
            timeLimit,
            troubleLog);
    }

    public void Start(TimeProvider timeProvider, TimeSpan interval)
    {
        _timer = new SafeTimer(timeProvider, Report, e => _troubleLog.ReportTimer("token usage", e));
        _timer.Start(interval, interval);
    }

    public void Stop() => _timer?.Stop();

    /// <summary>Reports the totals if they have changed since the last report.</summary>
    public void ReportLast()
    {
        TokenUsageReport report = _usage();
        if (!report.ByModel.SequenceEqual(_last?.ByModel ?? []))
            Enqueue(report);
    }

    public Task FlushAsync() => _queue.FlushAsync(Thread.CurrentThread);

    public void BeginClose() => _queue.BeginClose();

    /// <param name="deadline">The deadline, as a value of <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
    public void Close(long deadline) => _queue.Close(deadline);

    private void Report()
    {
        if (_queue.IsEmpty)
            Enqueue(_usage());
    }

    private void Enqueue(TokenUsageReport report)
    {
        _last = report;
        _queue.Enqueue(report, weight: 1);
    }
}
