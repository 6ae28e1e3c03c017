using System.Diagnostics;
using Xunit;

namespace Afterimage.Tests;

/// <summary>What a test needs of its machine: skipped where that is missing, failed where the machine was to have it
/// (AFTERIMAGE_REQUIRE_SERVICES=1).</summary>
public static class Need
{
    public static void Linux() => That(OperatingSystem.IsLinux(), "This test needs Linux.");

    /// <returns>Where the command is.</returns>
    public static string Command(string name)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
        That(path is not null, $"This test needs the command {name}.");
        return path!;
    }

    public static void That(bool condition, string reason)
    {
        if (condition)
            return;
        if (Environment.GetEnvironmentVariable("AFTERIMAGE_REQUIRE_SERVICES") == "1")
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    public static bool Run(string command, params IEnumerable<string> arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
