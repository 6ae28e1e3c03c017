using Afterimage.Monitoring;

namespace Afterimage.CrashProgram;

/// <summary>A compaction that takes a step at a time.</summary>
internal static class Compaction
{
    /// <remarks>Behind each step its name is a line of standard output, and a line of standard input is waited for, as long as there is
    /// one.</remarks>
    public static void Run(string directory) => LogDirectory.Open(directory).Compact(
        progress: null,
        step =>
        {
            Console.Out.Write(step + "\n");
            Console.In.ReadLine();
        },
        CancellationToken.None);
}
