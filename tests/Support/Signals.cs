using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Afterimage.Tests;

/// <summary>Starts programs that react to signals whatever the shell that runs the tests has made of these: one in the background has
/// SIGINT ignored, and children inherit that.</summary>
public static class Signals
{
    // Linux's numbers.
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    public static ProcessStartInfo Default(string program, IEnumerable<string> arguments) => OperatingSystem.IsLinux()
        ? new ProcessStartInfo("env", ["--default-signal=INT,QUIT", program, .. arguments])
        : new ProcessStartInfo(program, arguments);

    /// <summary>Sends a signal at once, if the process is still there: the kill command takes its time to start.</summary>
    public static void Send(Process process, int signal)
    {
        if (!process.HasExited)
            _ = SendSignal(process.Id, signal);
    }

    /// <summary>Whether every thread of the process stands still.</summary>
    public static bool IsStopped(Process process)
    {
        try
        {
            return Directory
                .GetDirectories($"/proc/{process.Id}/task")
                .All(thread => File.ReadAllText(Path.Combine(thread, "stat")).Split(") ")[^1][0] == 'T');
        }
        catch (IOException)
        {
            // A thread has ended meanwhile, or the process.
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);
}
