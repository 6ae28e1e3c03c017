using System.Diagnostics;
using System.Globalization;

namespace Afterimage.Benchmarks;

/// <summary>What the operating system says of this process.</summary>
internal static class ProcessFigures
{
    /// <summary>The most memory that was resident so far, in bytes.</summary>
    public static long PeakResident => Status("VmHWM") ?? Process.GetCurrentProcess().PeakWorkingSet64;

    /// <summary>Resident memory now, in bytes.</summary>
    public static long Resident => Status("VmRSS") ?? Process.GetCurrentProcess().WorkingSet64;

    /// <summary>Open handles.</summary>
    public static int Handles =>
        Directory.Exists("/proc/self/fd")
            ? Directory.GetFileSystemEntries("/proc/self/fd").Length
            : Process.GetCurrentProcess().HandleCount;

    private static long? Status(string key)
    {
        if (!File.Exists("/proc/self/status"))
            return null;

        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(key, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
