using System.Text;
using Afterimage.Monitoring;
using BenchmarkDotNet.Attributes;
using Microsoft.Win32.SafeHandles;

namespace Afterimage.Benchmarks;

/// <summary>Recording a few generations and waiting until they are safe from the death of the process (Buffered) or of the machine
/// (Synced).</summary>
[Measured(warmups: 3, iterations: 11, once: false)]
public class FlushCost
{
    private TemporaryDirectory _directory = null!;
    private GenerationMonitor _monitor = null!;
    private SafeFileHandle _file = null!;
    private byte[] _lines = [];
    private long _position;

    [Params(1, 1_000)]
    public int Generations { get; set; }

    [GlobalSetup(Target = nameof(Buffered))]
    public void SetUpBuffered() => SetUp(Durability.Buffered);

    [GlobalSetup(Target = nameof(Synced))]
    public void SetUpSynced() => SetUp(Durability.Synced);

    [GlobalSetup(Targets = [nameof(BareWrite), nameof(BareWriteSynced)])]
    public void SetUpBare()
    {
        SetUp(Durability.Buffered);
        const string Line =
            """
            {"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.2345678,"success":true,
            """ + """
            "model_name":"gpt-4o-2024-08-06","prompt_token_count":374,"completion_token_count":44,"total_token_count":418,
            """ + """
            "finish_reason":"stop"}

            """;
        _lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Line, Generations)));
        _file = File.OpenHandle(_directory.File("bare.jsonl"), FileMode.CreateNew, FileAccess.Write);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _file?.Dispose();
        _monitor.Dispose();
        _directory.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Buffered() => RecordAndFlush();

    [Benchmark]
    public void Synced() => RecordAndFlush();

    /// <summary>The same bytes, ready made, in one write.</summary>
    [Benchmark]
    public void BareWrite() => Write();

    [Benchmark]
    public void BareWriteSynced()
    {
        Write();
        RandomAccess.FlushToDisk(_file);
    }

    private void SetUp(Durability durability)
    {
        _directory = new TemporaryDirectory();
        var options = new GenerationMonitorOptions { LogDirectory = _directory.Path, Durability = durability };
        options.LogFiles.MaxFileSize = 256 << 20;
        options.LogFiles.MaxTotalSize = 512 << 20;
        options.LogFiles.MinRetention = TimeSpan.Zero;
        _monitor = new GenerationMonitor(options);
    }

    private void RecordAndFlush()
    {
        for (int i = 0; i < Generations; i++)
            _monitor.TrackGeneration(Sample.Duration(i), true, Sample.Details(i));
        _monitor.FlushAsync().AsTask().GetAwaiter().GetResult();
    }

    private void Write()
    {
        RandomAccess.Write(_file, _lines, _position);

        // Goes round in the space that rotation gives the monitor.
        _position = (_position + _lines.Length) % (512 << 20);
    }
}
