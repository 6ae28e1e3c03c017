using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Afterimage.Monitoring;
using BenchmarkDotNet.Attributes;
using FASTER.core;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Afterimage.Benchmarks;

/// <summary>What one call costs the thread that makes it, in bursts that fit the default buffer. All cases have the same shape; what is
/// left to do is done between the bursts.</summary>
/// <remarks>Each thousandth call or so wakes the pump if that sleeps: <see cref="Afterimage"/> leaves that call out of its bursts,
/// <see cref="AfterimageWaking"/> has it as its last. Sustained load is <see cref="EndToEnd"/>.</remarks>
[Measured(warmups: 10, iterations: 150, collect: false)]
public class CallerCost
{
    /// <summary>Calls of each thread in a burst: one short of the quarter of its buffer at which it wakes the pump.</summary>
    public const int Calls = 1_023;

    private readonly List<IDisposable> _used = [];
    private TemporaryDirectory _directory = null!;
    private Producers _producers = null!;
    private Action<int> _burst = null!;
    private Action<int>? _after;
    private Action? _drain;
    private string _name = "";
    private int _calls = Calls;
    private long _sink;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup(Target = nameof(Afterimage))]
    public void SetUpAfterimage() => SetUpAfterimage(calls: Calls, callsAfter: 1);

    [GlobalSetup(Target = nameof(AfterimageWaking))]
    public void SetUpAfterimageWaking() => SetUpAfterimage(calls: Calls + 1, callsAfter: 0);

    [GlobalSetup(Target = nameof(AfterimageListenedTo))]
    public void SetUpAfterimageListenedTo()
    {
        Use(Listen("Afterimage.Monitoring"));
        SetUpAfterimage(calls: Calls, callsAfter: 1);
    }

    [GlobalSetup(Target = nameof(AfterimageDetailed))]
    public void SetUpAfterimageDetailed()
    {
        Begin();
        GenerationMonitor monitor = Use(new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = _directory.Path }));
        string[] ids = Sample.Ids(Calls);
        Begin(
            _ =>
            {
                for (int i = 0; i < Calls; i++)
                    monitor.TrackGeneration(Sample.Duration(i), true, Sample.Details(i) with
                    {
                        Provider = Sample.Provider,
                        RequestModel = Sample.RequestModel,
                        Id = ids[i],
                        TraceId = Sample.TraceId,
                        SpanId = Sample.SpanId,
                        Tags = [new("project", "atlas"), new("stage", "draft"), new("attempt", i)],
                    });
            },
            () => monitor.FlushAsync().AsTask().GetAwaiter().GetResult());
    }

    [GlobalSetup(Target = nameof(OpenTelemetrySpan))]
    public void SetUpOpenTelemetrySpan()
    {
        Begin();
        ActivitySource source = Use(new ActivitySource("Afterimage.Benchmarks"));
        TracerProvider provider = Use(Sdk.CreateTracerProviderBuilder()
            .AddSource(source.Name)
            .AddProcessor(new BatchActivityExportProcessor(new NoSpanExporter(), maxQueueSize: 4 * (Calls + 1)))
            .Build());
        string[] ids = Sample.Ids(Calls);
        Begin(
            _ =>
            {
                for (int i = 0; i < Calls; i++)
                {
                    using Activity activity = source.StartActivity("chat", ActivityKind.Client)!;
                    activity.SetTag("gen_ai.operation.name", "chat");
                    activity.SetTag("gen_ai.response.model", Sample.Model);
                    activity.SetTag("gen_ai.request.model", Sample.RequestModel);
                    activity.SetTag("gen_ai.provider.name", Sample.Provider);
                    activity.SetTag("gen_ai.usage.input_tokens", Sample.Prompt(i));
                    activity.SetTag("gen_ai.usage.output_tokens", Sample.Completion(i));
                    activity.SetTag("gen_ai.response.finish_reasons", Sample.FinishReason);
                    activity.SetTag("gen_ai.response.id", ids[i]);
                    activity.SetTag("project", "atlas");
                    activity.SetTag("stage", "draft");
                    activity.SetTag("attempt", i);
                }
            },
            () => provider.ForceFlush());
    }

    [GlobalSetup(Target = nameof(SerilogDetailed))]
    public void SetUpSerilogDetailed()
    {
        Begin();
        global::Serilog.Core.Logger logger = Use(Peers.Serilog(_directory.File("serilog.jsonl")));
        string[] ids = Sample.Ids(Calls);
        Begin(_ =>
        {
            for (int i = 0; i < Calls; i++)
                Peers.Log(logger, i, ids[i]);
        });
    }

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

        // It has no flush: this is many times what it needs for a burst.
        Begin(
            _ =>
            {
                for (int i = 0; i < Calls; i++)
                    Peers.Log(logger, i);
            },
            () => Thread.Sleep(20));
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
        BareRecord[][] rings = [new BareRecord[4 * (Calls + 1)], new BareRecord[4 * (Calls + 1)]];
        long[] positions = new long[64];
        Begin(thread =>
        {
            BareRecord[] ring = rings[thread];
            long position = positions[thread * 32];
            for (int i = 0; i < Calls; i++, position++)
                ring[(int)position & (ring.Length - 1)] = new BareRecord
                {
                    A = position,
                    B = 2,
                    C = 3,
                    D = 4,
                    E = 5,
                    F = 6,
                    G = 7,
                    H = 8,
                    I = 9,
                    J = 10,
                    K = 11,
                    L = 12,
                    M = 13,
                };
            positions[thread * 32] = position;
        });
    }

    [IterationSetup]
    public void Prepare()
    {
        _producers.Settle();
        _drain?.Invoke();
        _producers.Prepare();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        Facts.Write($"own.{_name}.{Threads}", _producers.MedianOwn / _calls);
        _producers.Dispose();
        for (int i = _used.Count - 1; i >= 0; i--)
            _used[i].Dispose();
        _directory.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Calls)]
    public void Afterimage() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls + 1)]
    public void AfterimageWaking() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void AfterimageListenedTo() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void AfterimageDetailed() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void OpenTelemetrySpan() => _producers.Run();

    [Benchmark(OperationsPerInvoke = Calls)]
    public void SerilogDetailed() => _producers.Run();

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

    private void SetUpAfterimage(int calls, int callsAfter, [CallerMemberName] string setUp = "")
    {
        Begin();
        GenerationMonitor monitor = Use(new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = _directory.Path }));
        _calls = calls;
        Begin(
            _ => Track(monitor, calls),
            () => monitor.FlushAsync().AsTask().GetAwaiter().GetResult(),
            _ => Track(monitor, callsAfter),
            setUp);
    }

    private static void Track(GenerationMonitor monitor, int calls)
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
    }

    private void Begin() => _directory = new TemporaryDirectory();

    private void Begin(Action<int> burst, Action? drain = null, Action<int>? after = null, [CallerMemberName] string setUp = "")
    {
        _name = setUp["SetUp".Length..];
        _burst = burst;
        _after = after;
        _drain = drain;
        WarmUp();

        // BenchmarkDotNet would count what every thread allocates.
        long before = GC.GetAllocatedBytesForCurrentThread();
        _burst(0);
        double bytes = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / _calls;
        _after?.Invoke(0);
        if (Threads == 1)
            Facts.Write($"allocated.{_name}", Math.Round(bytes, 2));
        _producers = new Producers(Threads, burst, after);
    }

    /// <summary>Until the tiered compiler is done: it begins when there has been no new method for a tenth of a second, and has more than
    /// one tier to go through.</summary>
    private void WarmUp()
    {
        for (int round = 0; round < 5; round++)
        {
            var time = Stopwatch.StartNew();
            while (time.Elapsed < TimeSpan.FromSeconds(0.5))
            {
                _burst(0);
                _after?.Invoke(0);
                _drain?.Invoke();
                Thread.Sleep(1);
            }

            Thread.Sleep(300);
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
        Use(Listen(meter.Name));
        return meter;
    }

    private static MeterProvider Listen(string meterName) =>
        Sdk.CreateMeterProviderBuilder().AddMeter(meterName).AddReader(new BaseExportingMetricReader(new NoExporter())).Build();

    private struct BareRecord
    {
        public long A, B, C, D, E, F, G, H, I, J, K, L, M;
    }

    private sealed class NoSpanExporter : BaseExporter<Activity>
    {
        public override OpenTelemetry.ExportResult Export(in Batch<Activity> batch) => OpenTelemetry.ExportResult.Success;
    }

    /// <summary>The SDK aggregates; nobody takes it away.</summary>
    private sealed class NoExporter : BaseExporter<Metric>
    {
        public override OpenTelemetry.ExportResult Export(in Batch<Metric> batch) => OpenTelemetry.ExportResult.Success;
    }
}
