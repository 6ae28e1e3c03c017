using System.Diagnostics;

namespace Afterimage.Fuzz.Tests;

/// <summary>Feeds a reader with mutated inputs for a while (CONTRIBUTING.md).</summary>
/// <remarks>
/// <c>AFTERIMAGE_FUZZ_SECONDS</c> is the time for each reader; default: 2. <c>AFTERIMAGE_FUZZ_SEED</c> is what the inputs come from;
/// default: 1. What breaks a reader is kept in the directory of temporary files, and named.
/// </remarks>
internal static class FuzzLoop
{
    public static Task Run(string name, IReadOnlyList<byte[]> seeds, Action<byte[]> feed) =>
        Run(name, seeds, bytes =>
        {
            feed(bytes);
            return Task.CompletedTask;
        });

    public static async Task Run(string name, IReadOnlyList<byte[]> seeds, Func<byte[], Task> feed)
    {
        TimeSpan time = TimeSpan.FromSeconds(EnvironmentNumber.Of("AFTERIMAGE_FUZZ_SECONDS", 2));
        int seed = EnvironmentNumber.Of("AFTERIMAGE_FUZZ_SEED", 1);
        var mutator = new Mutator(new Random(seed), seeds);
        foreach (byte[] right in seeds)
            await feed(right);

        long inputs = 0;
        for (long start = Stopwatch.GetTimestamp(); inputs == 0 || Stopwatch.GetElapsedTime(start) < time; inputs++)
        {
            byte[] input = mutator.Next();
            try
            {
                await feed(input);
            }
            catch (Exception e)
            {
                string kept = Path.Combine(Path.GetTempPath(), $"afterimage-fuzz-{name}-{Guid.NewGuid():N}");
                File.WriteAllBytes(kept, input);
                throw new InvalidOperationException($"Seed {seed}, input {inputs}, kept in '{kept}': {e.Message}", e);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {inputs} inputs");
    }
}
