using System.Runtime.InteropServices;

namespace Afterimage.Monitoring;

/// <summary>The monitors of this process that are not disposed. If the process ends without disposing them, their records are still
/// written.</summary>
internal static class LiveMonitors
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private static readonly HashSet<MonitorAssembly> Monitors = [];
    private static PosixSignalRegistration[]? _registrations;

    public static void Add(MonitorAssembly monitor)
    {
        lock (Monitors)
        {
            Monitors.Add(monitor);
            if (_registrations is not null)
                return;

            // The monitors are not disposed even at the end: background threads still record, and must not get an exception for it. After a
            // signal the process may continue, if a handler of the program cancels it.
            AppDomain.CurrentDomain.ProcessExit += (_, _) => ForEach(static m => m.FlushAtExit(isEnd: true));
            AppDomain.CurrentDomain.UnhandledException += (_, _) => ForEach(static m => m.FlushAtExit(isEnd: true));
            _registrations =
            [
                .. Signals.Select(signal =>
                    PosixSignalRegistration.Create(signal, static _ => ForEach(static m => m.FlushAtExit(isEnd: false)))),
            ];
        }
    }

    public static void Remove(MonitorAssembly monitor)
    {
        lock (Monitors)
            Monitors.Remove(monitor);
    }

    private static void ForEach(Action<MonitorAssembly> action)
    {
        MonitorAssembly[] monitors;
        lock (Monitors)
            monitors = [.. Monitors];

        // At the same time, because each monitor may need its whole time limit. The threads are our own: at the end, a process may have no
        // file descriptor left to load an assembly with.
        List<Thread> threads = [];
        foreach (MonitorAssembly monitor in monitors.AsSpan(Math.Min(1, monitors.Length)))
        {
            var thread = new Thread(() => Try(action, monitor)) { IsBackground = true, Name = "Afterimage exit" };
            try
            {
                thread.Start();
                threads.Add(thread);
            }
            catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
            {
                Try(action, monitor);
            }
        }

        if (monitors.Length > 0)
            Try(action, monitors[0]);
        foreach (Thread thread in threads)
            thread.Join();
    }

    private static void Try(Action<MonitorAssembly> action, MonitorAssembly monitor)
    {
        try
        {
            action(monitor);
        }
        catch (Exception)
        {
            // The process is ending: nobody is left to be told, and the other monitors still have records.
        }
    }
}
