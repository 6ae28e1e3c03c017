using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Afterimage.Monitoring;
using BenchmarkDotNet.Attributes;
using FASTER.core;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using ZLogger;

namespace Afterimage.Benchmarks;

/// <summary>What one call costs the thread that makes it, in bursts that fit the buffer. All cases have the same shape; what is left to do is done between the bursts.</summary>
[Measured(warmups: 5, iterations: 40)]
public class CallerCost
{
    /// <summary>Calls of each thread in a burst: the quarter of its buffer at which it wakes the pump, once, with the last call. Sustained load is <see cref="EndToEnd"/>.</summary>
    public const int Calls = 16_384;

    /// <summary>The same for a buffer of the default capacity.</summary>
    public const int DefaultCalls = 1_024;

    private const int BufferCapacity = 4 * Calls;

    private readonly List<IDisposable> _used = [];
    private TemporaryDirectory _directory = null!;
    private Producers _producers = null!;
    private Action<int> _burst = null!;
    private Action? _drain;
    private long _sink;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup(Target = nameof(Afterimage))]
    public void SetUpAfterimage() => SetUpAfterimage(new GenerationMonitorOptions { BufferCapacity = BufferCapacity }, Calls);

    [GlobalSetup(Target = nameof(AfterimageDefaultBuffer))]
    public void SetUpAfterimageDefaultBuffer() => SetUpAfterimage(new GenerationMonitorOptions(), DefaultCalls);

    [GlobalSetup(Target = nameof(OpenTelemetryHistogram))]
    public void SetUpOpenTelemetryHistogram()
    {
        Begin();
        Meter meter = UseMeter();
        Histogram<double> histogram = meter.CreateHistogram<double>("generation_time");
        Begin(_ =>
        {
            for (int i = 0; i < Calls; i++)
                histogram.Record(
                    Sample.Duration(i).TotalSeconds,
                    new KeyValuePair<string, object?>("model_name", Sample.Model),
                    new KeyValuePair<string, object?>("finish_reason", Sample.FinishReason),
                    new KeyValuePair<string, object?>("provider", "openai"));
        });
    }

    [GlobalSetup(Target = nameof(OpenTelemetryEightInstruments))]
    public void SetUpOpenTelemetryEightInstruments()
    {
        Begin();
        Meter meter = UseMeter();
        Histogram<double> time = meter.CreateHistogram<double>("generation_time");
        Histogram<double> success = meter.CreateHistogram<double>("success_rate");
        Histogram<double> error = meter.CreateHistogram<double>("error_rate");
        Histogram<long> prompt = meter.CreateHistogram<long>("prompt_token_count");
        Histogram<long> completion = meter.CreateHistogram<long>("completion_token_count");
        Histogram<long> total = meter.CreateHistogram<long>("total_token_count");
        Counter<long> usage = meter.CreateCounter<long>("model_usage");
        Counter<long> finish = meter.CreateCounter<long>("finish_reason");
        var model = KeyValuePair.Create<string, object?>("model_name", Sample.Model);
        var reason = KeyValuePair.Create<string, object?>("finish_reason", Sample.FinishReason);
        Begin(_ =>
        {
            for (int i = 0; i < Calls; i++)
            {
                time.Record(Sample.Duration(i).TotalSeconds, model);
                success.Record(1, model);
                error.Record(0, model);
                prompt.Record(Sample.Prompt(i), model);
                completion.Record(Sample.Completion(i), model);
                total.Record(Sample.Prompt(i) + Sample.Completion(i), model);
                usage.Add(1, model);
                finish.Add(1, reason);
            }
        });
    }

    [GlobalSetup(Target = nameof(PrometheusNet))]
    public void SetUpPrometheusNet()
    {
        Begin();
        Prometheus.MetricFactory metrics = Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry());
        string[] label = ["model_name"];
        Prometheus.Histogram time = metrics.CreateHistogram("generation_time", "", label);
        Prometheus.Counter success = metrics.CreateCounter("success", "", label);
        Prometheus.Counter error = metrics.CreateCounter("error", "", label);
        Prometheus.Histogram prompt = metrics.CreateHistogram("prompt_token_count", "", label);
        Prometheus.Histogram completion = metrics.CreateHistogram("completion_token_count", "", label);
        Prometheus.Histogram total = metrics.CreateHistogram("total_token_count", "", label);
        Prometheus.Counter usage = metrics.CreateCounter("model_usage", "", label);
        Prometheus.Counter finish = metrics.CreateCounter("finish_reason", "", ["finish_reason"]);
        Begin(_ =>
        {
            for (int i = 0; i < Calls; i++)
            {
                time.WithLabels(Sample.Model).Observe(Sample.Duration(i).TotalSeconds);
                success.WithLabels(Sample.Model).Inc();
                error.WithLabels(Sample.Model).Inc(0);
                prompt.WithLabels(Sample.Model).Observe(Sample.Prompt(i));
                completion.WithLabels(Sample.Model).Observe(Sample.Completion(i));
                total.WithLabels(Sample.Model).Observe(Sample.Prompt(i) + Sample.Completion(i));
                usage.WithLabels(Sample.Model).Inc();
                finish.WithLabels(Sample.FinishReason).Inc();
            }
        });
    }

    [GlobalSetup(Target = nameof(Serilog))]
    public void SetUpSerilog()
    {
        Begin();
        global::Serilog.Core.Logger logger = Use(Peers.Serilog(_directory.File("serilog.jsonl")));
        Begin(_ =>
        {
            for (int i = 0; i < Calls; i++)
                Peers.Log(logger, i);
        });
    }

    [GlobalSetup(Target = nameof(ZLogger))]
    public void SetUpZLogger()
    {
        Begin();
        ILoggerFactory factory = Use(Peers.ZLogger(_directory.File("zlogger.jsonl")));
        ILogger logger = factory.CreateLogger("generation");

        // It has no flush: a quarter of a second is many times what it needs for a burst.
        Begin(
            _ =>
            {
                for (int i = 0; i < Calls; i++)
                    Peers.Log(logger, i);
            },
            () => Thread.Sleep(250));
    }

    [GlobalSetup(Target = nameof(FasterLog))]
    public void SetUpFasterLog()
    {
        Begin();
        IDevice device = Use(Devices.CreateLogDevice(_directory.File("faster.log")));
        FASTER.core.FasterLog log = Use(new FASTER.core.FasterLog(new FasterLogSettings { LogDevice = device }));
        var record = new BareRecord { A = 1, B = 2 };
        Begin(
            _ =>
            {
                ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<BareRecord>(in record));
                for (int i = 0; i < Calls; i++)
                    log.Enqueue(bytes);
            },
            () =>
            {
                log.Commit(spinWait: true);
                log.TruncateUntilPageStart(log.CommittedUntilAddress);
            });
    }

    [GlobalSetup(Target = nameof(Clock))]
    public void SetUpClock()
    {
        Begin();
        Begin(_ =>
        {
            long sum = 0;
            for (int i = 0; i < Calls; i++)
                sum += Stopwatch.GetTimestamp();
            Volatile.Write(ref _sink, sum);
        });
    }

    [GlobalSetup(Target = nameof(CoarseClock))]
    public void SetUpCoarseClock()
    {
        Begin();
        Begin(_ =>
        {
            long sum = 0;
            for (int i = 0; i < Calls; i++)
                sum += Environment.TickCount64;
            Volatile.Write(ref _sink, sum);
        });
    }

    [GlobalSetup(Target = nameof(BareStore))]
    public void SetUpBareStore()
    {
        Begin();
        BareRecord[][] rings = [new BareRecord[BufferCapacity], new BareRecord[BufferCapacity]];
        long[] positions = new long[64];
        Begin(thread =>
        {
            BareRecord[] ring = rings[thread];
            long position = positions[thread * 32];
            for (int i = 0; i < Calls; i++, position++)
                ring[(int)position & (ring.Length - 1)] = new BareRecord { A = position, B = 2, C = 3, D = 4, E = 5, F = 6, G = 7, H = 8, I = 9, J = 10, K = 11, L = 12, M = 13 };
            positions[thread * 32] = position;
        });
    }

    [IterationSetup]
    public void Prepare()
    {
        _drain?.Invoke();
        _producers.Prepare();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _producers.Dispose();
        for (int i = _used.Count - 1; i >= 0; i--)
            _used[i].Dispose();
        _directory.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Calls)]
    public void Afterimage() => _producers.Run();

    [Benchmark(OperationsPerInvoke = DefaultCalls)]
    public void AfterimageDefaultBuffer() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void OpenTelemetryHistogram() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void OpenTelemetryEightInstruments() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void PrometheusNet() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void Serilog() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void ZLogger() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void FasterLog() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void Clock() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void CoarseClock() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void BareStore() => _producers.Run();

    private void SetUpAfterimage(GenerationMonitorOptions options, int calls)
    {
        Begin();
        options.LogDirectory = _directory.Path;
        GenerationMonitor monitor = Use(new GenerationMonitor(options));
        Begin(
            _ =>
            {
                for (int i = 0; i < calls; i++)
                {
                    monitor.TrackGeneration(Sample.Duration(i), true, new GenerationDetails
                    {
                        ModelName = Sample.Model,
                        PromptTokenCount = Sample.Prompt(i),
                        CompletionTokenCount = Sample.Completion(i),
                        TotalTokenCount = Sample.Prompt(i) + Sample.Completion(i),
                        FinishReason = Sample.FinishReason,
                    });
                }
            },
            () => monitor.FlushAsync().AsTask().GetAwaiter().GetResult());
    }

    private void Begin() => _directory = new TemporaryDirectory();

    private void Begin(Action<int> burst, Action? drain = null, [System.Runtime.CompilerServices.CallerMemberName] string setUp = "")
    {
        _burst = burst;
        _drain = drain;
        WarmUp();

        // BenchmarkDotNet would count what every thread allocates.
        long before = GC.GetAllocatedBytesForCurrentThread();
        _burst(0);
        double bytes = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
        if (Threads == 1)
            Facts.Write($"allocated.{setUp["SetUp".Length..]}", Math.Round(bytes, 2));
        _producers = new Producers(Threads, burst);
    }

    /// <summary>A burst is too short for the tiered compiler, which waits for a tenth of a second without new methods.</summary>
    private void WarmUp()
    {
        var time = Stopwatch.StartNew();
        while (time.Elapsed < TimeSpan.FromSeconds(1.5))
        {
            _burst(0);
            _drain?.Invoke();
            Thread.Sleep(5);
        }
    }

    private T Use<T>(T disposable)
        where T : IDisposable
    {
        _used.Add(disposable);
        return disposable;
    }

    private Meter UseMeter()
    {
        Meter meter = Use(new Meter("Afterimage.Benchmarks"));
        Use(Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name).AddReader(new BaseExportingMetricReader(new NoExporter())).Build());
        return meter;
    }

    private struct BareRecord
    {
        public long A, B, C, D, E, F, G, H, I, J, K, L, M;
    }

    /// <summary>The SDK aggregates; nobody takes it away.</summary>
    private sealed class NoExporter : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
    }
}
