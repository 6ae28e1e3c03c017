using Afterimage.Monitoring;

// Started by the tests as a real process: Afterimage.TestPrograms WAY [GENERATIONS DIRECTORY].
// It records, says "ready" on standard output, and ends, or waits to be ended, in the given way. It never disposes its monitor.
if (args[0] == "default-directory")
{
    // A clock that stands still: both start in the same second.
    var clock = new StoppedClock(new DateTimeOffset(2026, 11, 23, 16, 5, 9, TimeSpan.FromHours(2)));
    for (int i = 0; i < 2; i++)
        Console.WriteLine(new GenerationMonitor(new GenerationMonitorOptions(), clock).LogDirectory);
    Console.WriteLine(new GenerationMonitor().LogDirectory);
    return 0;
}

int generations = int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture);

// Time for a busy machine: what the limits do is not what these processes are about.
var time = TimeSpan.FromMinutes(3);
var monitor = new GenerationMonitor(
    new GenerationMonitorOptions
    {
        LogDirectory = args[2],
        HandlerTimeLimit = time,
        ShutdownTimeout = time,
    });

// Two threads: what lies in the buffer of one that has ended must not be lost either.
var other = new Thread(() => Record(generations / 2));
other.Start();
Record(generations - (generations / 2));
other.Join();
monitor.LogInfo("recorded");

switch (args[0])
{
    case "return":
        return 0;
    case "exit":
        Environment.Exit(3);
        return 0;
    case "throw":
        throw new InvalidOperationException("unhandled on purpose");
    case "throw-on-thread":
        var thrower = new Thread(() => throw new InvalidOperationException("unhandled on purpose"));
        thrower.Start();
        thrower.Join();
        return 0;
    case "wait":
        Console.WriteLine("ready");
        Thread.Sleep(Timeout.Infinite);
        return 0;
    case "flush-and-wait":
        await monitor.FlushAsync();
        Console.WriteLine("ready");
        Thread.Sleep(Timeout.Infinite);
        return 0;
    case "cancel-signal":
        // A program that goes on after Ctrl-C records more, and ends in its own time.
        var cancelled = new TaskCompletionSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            cancelled.SetResult();
        };
        Console.WriteLine("ready");
        await cancelled.Task;
        Record(generations);
        return 0;
    default:
        throw new ArgumentException($"Unknown way to end: {args[0]}");
}

void Record(int count)
{
    for (int i = 0; i < count; i++)
        monitor.TrackGeneration(
            TimeSpan.FromMilliseconds(i),
            success: true,
            new GenerationDetails { ModelName = "m", PromptTokenCount = i });
}

internal sealed class StoppedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now.ToUniversalTime();
}
