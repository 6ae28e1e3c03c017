using System.Diagnostics;

namespace Afterimage.Benchmarks;

/// <summary>Runs one burst on a number of threads at the same moment. The calling thread is one of them; the others wait for it spinning,
/// so that no wake-up is measured.</summary>
internal sealed class Producers : IDisposable
{
    private readonly Action<int> _burst;
    private readonly Action<int>? _after;
    private readonly Thread[] _others;
    private readonly SemaphoreSlim _prepare = new(0);
    private readonly long[] _own;
    private readonly List<long> _slowest = [];
    private int _ready;
    private int _go;
    private int _done;
    private int _settled;
    private volatile bool _stop;

    /// <param name="threads">How many.</param>
    /// <param name="burst">What each does, given its number from zero.</param>
    /// <param name="after">What each does behind its burst, not measured.</param>
    public Producers(int threads, Action<int> burst, Action<int>? after)
    {
        _burst = burst;
        _after = after;
        _own = new long[threads];
        _others = [.. Enumerable.Range(1, threads - 1).Select(number => new Thread(() => Run(number)) { IsBackground = true })];
        foreach (Thread thread in _others)
            thread.Start();
    }

    /// <summary>The median, over the bursts, of the slowest thread's own time, in nanoseconds: what a burst takes where no thread has to
    /// wait for a processor before it can begin.</summary>
    public double MedianOwn
    {
        get
        {
            long[] ordered = [.. _slowest.Order()];
            return ordered[ordered.Length / 2] * 1e9 / Stopwatch.Frequency;
        }
    }

    /// <summary>Ends what belongs to the burst before. Not measured.</summary>
    public void Settle()
    {
        if (_go == 0)
            return;

        _after?.Invoke(0);
        while (Volatile.Read(ref _settled) < _others.Length)
            Thread.Yield();
        _slowest.Add(_own.Max());
    }

    /// <summary>Brings the other threads to their start. Not measured.</summary>
    public void Prepare()
    {
        Volatile.Write(ref _done, 0);
        Volatile.Write(ref _ready, 0);
        Volatile.Write(ref _settled, 0);
        if (_others.Length == 0)
            return;

        _prepare.Release(_others.Length);
        while (Volatile.Read(ref _ready) < _others.Length)
            Thread.Yield();
    }

    public void Run()
    {
        Interlocked.Increment(ref _go);
        Time(0);
        while (Volatile.Read(ref _done) < _others.Length)
            Thread.SpinWait(1);
    }

    public void Dispose()
    {
        _stop = true;
        _prepare.Release(Math.Max(1, _others.Length));
        foreach (Thread thread in _others)
            thread.Join();
        _prepare.Dispose();
    }

    private void Run(int number)
    {
        while (true)
        {
            _prepare.Wait();
            if (_stop)
                return;

            int before = Volatile.Read(ref _go);
            Interlocked.Increment(ref _ready);
            while (Volatile.Read(ref _go) == before)
                Thread.SpinWait(1);
            Time(number);
            Interlocked.Increment(ref _done);
            _after?.Invoke(number);
            Interlocked.Increment(ref _settled);
        }
    }

    private void Time(int number)
    {
        long start = Stopwatch.GetTimestamp();
        _burst(number);
        _own[number] = Stopwatch.GetTimestamp() - start;
    }
}
