using System.Diagnostics;

namespace Afterimage.Tests;

/// <summary>Starts programs that react to signals whatever the shell that runs the tests has made of these: one in the background has SIGINT ignored, and children inherit that.</summary>
internal static class Signals
{
    public static ProcessStartInfo Default(string program, IEnumerable<string> arguments) => OperatingSystem.IsLinux()
        ? new ProcessStartInfo("env", ["--default-signal=INT,QUIT", program, .. arguments])
        : new ProcessStartInfo(program, arguments);
}
