using System.Runtime.InteropServices;
using Afterimage.Monitoring;
using BenchmarkDotNet.Attributes;

namespace Afterimage.Benchmarks;

/// <summary><c>GetTotalTokenUsage</c> with fifty models.</summary>
[Measured(warmups: 5, iterations: 15, once: false)]
public class TokenUsage
{
    private static readonly string[] Models = [.. Enumerable.Range(0, 50).Select(i => $"model-{i:00}")];

    private TemporaryDirectory _directory = null!;
    private GenerationMonitor _monitor = null!;
    private readonly List<(string Model, long Prompt, long Completion)> _list = [];

    [Params(10_000, 1_000_000)]
    public int Generations { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _directory = new TemporaryDirectory();
        _monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = _directory.Path, WriteFiles = false });
        for (int i = 0; i < Generations; i++)
        {
            _monitor.TrackGeneration(Sample.Duration(i), true, Sample.Details(i) with { ModelName = Models[i % Models.Length] });
            _list.Add((Models[i % Models.Length], Sample.Prompt(i), Sample.Completion(i)));
        }

        if (
            _monitor.GetTotalTokenUsage() is not { ByModel.Count: 50 } report
            || report.TotalTokens != _list.Sum(g => g.Prompt + g.Completion))
            throw new InvalidOperationException("The totals are wrong.");
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _monitor.Dispose();
        _directory.Dispose();
    }

    [Benchmark(Baseline = true)]
    public long GetTotalTokenUsage() => _monitor.GetTotalTokenUsage().TotalTokens;

    [Benchmark]
    public long ScanList()
    {
        var sums = new Dictionary<string, (long Prompt, long Completion)>();
        foreach ((string model, long prompt, long completion) in CollectionsMarshal.AsSpan(_list))
        {
            ref (long Prompt, long Completion) sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, model, out _);
            sum = (sum.Prompt + prompt, sum.Completion + completion);
        }

        return sums.Values.Sum(s => s.Prompt + s.Completion);
    }
}
