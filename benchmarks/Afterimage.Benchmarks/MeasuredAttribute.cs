using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using Perfolizer.Horology;

namespace Afterimage.Benchmarks;

/// <summary>How often a case is measured; with AFTERIMAGE_BENCHMARK_SHORT=1 only as often as it takes to see that it runs.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class MeasuredAttribute : Attribute, IConfigSource
{
    /// <param name="warmups">Iterations that do not count.</param>
    /// <param name="iterations">Iterations that do.</param>
    /// <param name="once">Whether an iteration is one call, else as many as take a fifth of a second.</param>
    /// <param name="collect">Whether all garbage is collected before each iteration. It leaves caches cold, which short bursts then pay
    /// for.</param>
    public MeasuredAttribute(int warmups, int iterations, bool once = true, bool collect = true)
    {
        bool isShort = Environment.GetEnvironmentVariable("AFTERIMAGE_BENCHMARK_SHORT") == "1";
        Job job = Job.Default.WithWarmupCount(isShort ? 1 : warmups).WithIterationCount(isShort ? 3 : iterations).WithGcForce(collect);
        job = once ? job.WithInvocationCount(1).WithUnrollFactor(1) : job.WithIterationTime(TimeInterval.FromMilliseconds(200));
        Config = ManualConfig.CreateEmpty().AddJob(job);
    }

    public IConfig Config { get; }
}
