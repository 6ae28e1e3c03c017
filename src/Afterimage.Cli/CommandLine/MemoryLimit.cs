using System.Globalization;
using System.Runtime.InteropServices;

namespace Afterimage.Cli.CommandLine;

/// <summary>A limit on the memory of this process, set by the operating system. Allocations beyond it fail with an error.</summary>
internal static partial class MemoryLimit
{
    private const int Data = 2;

    /// <summary>Lets the process use the given amount of memory in addition to what it uses now. Only Linux counts mapped memory; on other
    /// systems there is no limit.</summary>
    public static void Set(long moreBytes)
    {
        if (!OperatingSystem.IsLinux() || DataSize() is not { } now)
            return;

        var limit = new ResourceLimit { Soft = (nuint)(ulong)(now + moreBytes), Hard = nuint.MaxValue };
        _ = GetLimit(Data, out ResourceLimit before) == 0 && before.Soft > limit.Soft
            ? SetLimit(Data, limit with { Hard = before.Hard })
            : 0;
    }

    private static long? DataSize()
    {
        const string Key = "VmData:";
        string? line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal));
        string? size = line?[Key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.TryParse(size, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : null;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private record struct ResourceLimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
