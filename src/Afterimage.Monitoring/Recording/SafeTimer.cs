namespace Afterimage.Monitoring.Recording;

/// <summary>A timer whose work neither throws nor overlaps itself: an exception on a timer's thread is the end of the process.</summary>
/// <remarks>What it does must not wait for others' code either: the threads of timers are those of the program's pool.</remarks>
internal sealed class SafeTimer
{
    private readonly Action _work;
    private readonly Action<Exception> _report;
    private readonly ITimer _timer;
    private int _isWorking;

    /// <param name="timeProvider">The clock.</param>
    /// <param name="work">What is done at each tick.</param>
    /// <param name="report">Takes what the work throws.</param>
    public SafeTimer(TimeProvider timeProvider, Action work, Action<Exception> report)
    {
        _work = work;
        _report = report;
        _timer = timeProvider.CreateTimer(
            static timer => ((SafeTimer)timer!).Tick(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    public void Start(TimeSpan due, TimeSpan period) => _timer.Change(due, period);

    public void Stop() => _timer.Dispose();

    /// <summary>Ends when its last tick has.</summary>
    public ValueTask StopAsync() => _timer.DisposeAsync();

    private void Tick()
    {
        // One that finds the one before still at work has nothing to add.
        if (Interlocked.Exchange(ref _isWorking, 1) != 0)
            return;

        try
        {
            _work();
        }
        catch (Exception e)
        {
            _report(e);
        }
        finally
        {
            Volatile.Write(ref _isWorking, 0);
        }
    }
}
