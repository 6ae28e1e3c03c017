namespace Afterimage.Monitoring.DurabilityTests.Support;

/// <summary>strace: sees what a program asks the operating system for, and can answer with an error in its place.</summary>
internal static class Strace
{
    /// <summary>Starts Afterimage.CrashProgram under strace; the test is skipped where that is not to be had.</summary>
    /// <param name="output">The file that the calls are written to.</param>
    /// <param name="options">What to look at and what to answer.</param>
    /// <param name="arguments">The program's arguments.</param>
    public static Child Start(string output, IEnumerable<string> options, params IEnumerable<string> arguments)
    {
        Need.Linux();
        Need.Command("strace");
        Need.That(Need.Run("strace", "-o", output, "true"), "This sandbox does not let strace trace.");
        return Child.StartUnder(["strace", "-f", .. options, "-o", output], workingDirectory: null, arguments);
    }

    /// <summary>Lets the n-th <c>fsync</c> of each thread fail, as of a disk that did not take what it was given.</summary>
    public static string[] FailSync(int call) => ["-e", "trace=fsync", "-e", $"inject=fsync:error=EIO:when={call}"];
}
