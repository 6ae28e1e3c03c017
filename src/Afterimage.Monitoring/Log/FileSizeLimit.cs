using System.Globalization;
using System.Runtime.InteropServices;

namespace Afterimage.Monitoring.Log;

/// <summary>The limit on the size of files that a process may have (<c>ulimit -f</c>): a write beyond it fails as on a full disk.</summary>
/// <remarks>
/// Unless it does something about SIGXFSZ, the process is ended by the write. Where the program or its parent has, that stays as it is.
/// What is done here is not undone with the last monitor: the signal is dealt with behind the write that raised it, on another thread,
/// and would find nobody.
/// </remarks>
internal static class FileSizeLimit
{
    // Its number on Linux (save on MIPS) and macOS.
    private const int Exceeded = 25;

    private static readonly Lazy<PosixSignalRegistration?> Registration = new(Register);

    /// <summary>Lets writes beyond the limit fail, and nothing else.</summary>
    public static void FailWrites() => _ = Registration.Value;

    /// <summary>.NET takes the error for one of the caller's, which it is not.</summary>
    public static IOException Failed(string path, ArgumentOutOfRangeException exception) =>
        new($"'{path}' would exceed the maximum file size of this process.", exception);

    private static PosixSignalRegistration? Register()
    {
        if (OperatingSystem.IsWindows() || IsTaken())
            return null;

        return PosixSignalRegistration.Create((PosixSignal)Exceeded, static context => context.Cancel = true);
    }

    // Whether something in the process handles it, or it is ignored.
    private static bool IsTaken()
    {
        const string Status = "/proc/self/status";
        if (!OperatingSystem.IsLinux() || !File.Exists(Status))
            return false;

        return File.ReadLines(Status)
            .Where(line => line.StartsWith("SigIgn:", StringComparison.Ordinal) || line.StartsWith("SigCgt:", StringComparison.Ordinal))
            .Select(line => ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .Any(signals => (signals >> (Exceeded - 1)) % 2 == 1);
    }
}
