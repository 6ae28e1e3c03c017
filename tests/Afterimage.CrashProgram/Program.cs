using System.Globalization;
using System.Runtime.InteropServices;
using Afterimage.CrashProgram;
using Afterimage.Monitoring;

// Started by the durability tests as a real process, in one of these ways:
//   record DIRECTORY RUN SEED FLUSHES [SETTING…]   records without end, until it is killed; FLUSHES is true, false, or calmly: with pauses
//   serve DIRECTORY [SETTING…]                     records what standard input asks for; DIRECTORY "-" is the default one
//   serve-with-own-signal DIRECTORY [SETTING…]     the same, and says of each SIGXFSZ that it came
//   loop DIRECTORY TIMES                           makes, uses and disposes monitors, and says what that leaves behind
//   hang DIRECTORY                                 disposes a monitor whose token usage callback hangs, and ends
//   use DIRECTORY WORK SEED                        reads, compacts, exports and imports without end, until it is killed
//   compact DIRECTORY                              compacts it, and waits for a line of standard input behind each step, which it names
//   summarize DIRECTORY                            says how many points there are
switch (args)
{
    case ["record", string directory, string run, string seed, string flushes, .. string[] settings]:
        return await EndlessRun.RecordAsync(
            Settings.Parse(directory, settings),
            Number(run),
            Number(seed),
            flushes == "calmly" || bool.Parse(flushes),
            flushes switch { "calmly" => 2, "true" => 50, _ => 5 });
    case ["serve", string directory, .. string[] settings]:
        return await Server.RunAsync(Settings.Parse(directory, settings));
    case ["serve-with-own-signal", string directory, .. string[] settings]:
        using (PosixSignalRegistration.Create((PosixSignal)25, context =>
            {
                context.Cancel = true;
                Console.Out.Write("the host's own\n");
            }))
            return await Server.RunAsync(Settings.Parse(directory, settings));
    case ["loop", string directory, string times]:
        return MonitorLoop.Run(directory, Number(times));
    case ["hang", string directory]:
        HangingCallback.Run(directory);
        return 0;
    case ["use", string directory, string work, string seed]:
        await EndlessUse.RunAsync(directory, work, Number(seed));
        return 0;
    case ["summarize", string directory]:
        Console.WriteLine($"{LogDirectory.Open(directory).Summarize().Metrics.Values.Sum(metric => metric.Count)} points");
        return 0;
    case ["compact", string directory]:
        Compaction.Run(directory);
        return 0;
    default:
        throw new ArgumentException($"Unknown way to run: {string.Join(' ', args)}");
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
