using Afterimage.Monitoring;
using BenchmarkDotNet.Attributes;

namespace Afterimage.Benchmarks;

/// <summary>From nothing to the first generation on disk and everything closed, in a process that has done it before.</summary>
[Measured(warmups: 10, iterations: 40)]
public class StartUp
{
    private TemporaryDirectory _directory = null!;

    [IterationSetup]
    public void MakeDirectory() => _directory = new TemporaryDirectory();

    [IterationCleanup]
    public void DeleteDirectory() => _directory.Dispose();

    [Benchmark(Baseline = true)]
    public void Afterimage()
    {
        using var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = _directory.Path });
        monitor.TrackGeneration(Sample.Duration(0), true, Sample.Details(0));
    }

    [Benchmark]
    public void Serilog()
    {
        using global::Serilog.Core.Logger logger = Peers.Serilog(_directory.File("serilog.jsonl"));
        Peers.Log(logger, 0);
    }
}
