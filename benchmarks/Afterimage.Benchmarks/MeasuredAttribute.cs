using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using Perfolizer.Horology;

namespace Afterimage.Benchmarks;

/// <summary>How often a case is measured; with AFTERIMAGE_BENCHMARK_SHORT=1 only as often as it takes to see that it runs.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class MeasuredAttribute : Attribute, IConfigSource
{
    public MeasuredAttribute(int warmups, int iterations, bool once = true)
    {
        bool isShort = Environment.GetEnvironmentVariable("AFTERIMAGE_BENCHMARK_SHORT") == "1";
        Job job = Job.Default.WithWarmupCount(isShort ? 1 : warmups).WithIterationCount(isShort ? 3 : iterations);
        job = once ? job.WithInvocationCount(1).WithUnrollFactor(1) : job.WithIterationTime(TimeInterval.FromMilliseconds(200));
        Config = ManualConfig.CreateEmpty().AddJob(job);
    }

    public IConfig Config { get; }
}
