using System.Buffers;
using System.Text.Json;
using Afterimage.Monitoring;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Afterimage.Benchmarks;

/// <summary>From one thread's call to the file, drained: the time ends when the last line is with the operating system (Synced: on the
/// disk).</summary>
[Measured(warmups: 6, iterations: 11)]
public class EndToEnd
{
    public const int Generations = 500_000;

    /// <summary>Lines that the library hands to the operating system in one write.</summary>
    private const int LinesPerWrite = 2_048;

    private TemporaryDirectory _directory = null!;
    private byte[] _bytes = [];
    private int[] _writes = [];
    private double _bytesPerGeneration;

    [GlobalSetup(Targets = [nameof(BareWrite), nameof(BareWriteSynced)])]
    public void MakeLines()
    {
        using var directory = new TemporaryDirectory();
        Record(directory, Durability.Buffered);
        _bytes = File.ReadAllBytes(directory.File("metrics.jsonl"));
        var writes = new List<int>();
        int lines = 0;
        int start = 0;
        for (int i = 0; i < _bytes.Length; i++)
        {
            if (_bytes[i] == '\n' && ++lines % LinesPerWrite == 0)
            {
                writes.Add(i + 1 - start);
                start = i + 1;
            }
        }

        writes.Add(_bytes.Length - start);
        _writes = [.. writes];
    }

    [IterationSetup]
    public void MakeDirectory() => _directory = new TemporaryDirectory();

    [IterationCleanup]
    public void DeleteDirectory()
    {
        _bytesPerGeneration = (double)_directory.Size("*.jsonl") / Generations;
        _directory.Dispose();
    }

    [GlobalCleanup(Target = nameof(Afterimage))]
    public void SayAfterimage() => Facts.Write("bytes.Afterimage", _bytesPerGeneration);

    [GlobalCleanup(Target = nameof(Serilog))]
    public void SaySerilog() => Facts.Write("bytes.Serilog", _bytesPerGeneration);

    [GlobalCleanup(Target = nameof(ZLogger))]
    public void SayZLogger() => Facts.Write("bytes.ZLogger", _bytesPerGeneration);

    [Benchmark(Baseline = true, OperationsPerInvoke = Generations)]
    public void Afterimage() => Record(_directory, Durability.Buffered);

    /// <summary>The same number from two threads.</summary>
    [Benchmark(OperationsPerInvoke = Generations)]
    public void AfterimageTwoThreads() => Record(_directory, Durability.Buffered, threads: 2);

    [Benchmark(OperationsPerInvoke = Generations)]
    public void AfterimageSynced() => Record(_directory, Durability.Synced);

    [Benchmark(OperationsPerInvoke = Generations)]
    public void Serilog()
    {
        using global::Serilog.Core.Logger logger = Peers.Serilog(_directory.File("serilog.jsonl"));
        for (int i = 0; i < Generations; i++)
            Peers.Log(logger, i);
    }

    [Benchmark(OperationsPerInvoke = Generations)]
    public void ZLogger()
    {
        using ILoggerFactory factory = Peers.ZLogger(_directory.File("zlogger.jsonl"));
        ILogger logger = factory.CreateLogger("generation");
        for (int i = 0; i < Generations; i++)
            Peers.Log(logger, i);
    }

    /// <summary>The same bytes in the same portions, ready made.</summary>
    [Benchmark(OperationsPerInvoke = Generations)]
    public void BareWrite() => WriteBytes(sync: false);

    [Benchmark(OperationsPerInvoke = Generations)]
    public void BareWriteSynced() => WriteBytes(sync: true);

    /// <summary>The same lines by Utf8JsonWriter, thrown away.</summary>
    [Benchmark(OperationsPerInvoke = Generations)]
    public int JsonOnly()
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 20);
        var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        int length = 0;
        for (int i = 0; i < Generations; i++)
        {
            Lines.Write(writer, i);
            buffer.Write("\n"u8);
            if (i % LinesPerWrite == 0)
            {
                length += buffer.WrittenCount;
                buffer.ResetWrittenCount();
            }
        }

        return length;
    }

    private static void Record(TemporaryDirectory directory, Durability durability, int threads = 1)
    {
        using var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = directory.Path, Durability = durability });
        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(_ => new Thread(Track))];
        foreach (Thread other in others)
            other.Start();
        Track();
        foreach (Thread other in others)
            other.Join();
        monitor.FlushAsync().AsTask().GetAwaiter().GetResult();
        if (monitor.GetStatistics() is not { Failed: 0, Dropped: 0, Written: Generations })
            throw new InvalidOperationException($"Something is missing: {monitor.GetStatistics()}");

        void Track()
        {
            for (int i = 0; i < Generations / threads; i++)
                monitor.TrackGeneration(Sample.Duration(i), true, Sample.Details(i));
        }
    }

    private void WriteBytes(bool sync)
    {
        using SafeFileHandle file = File.OpenHandle(_directory.File("bare.jsonl"), FileMode.CreateNew, FileAccess.Write);
        int position = 0;
        foreach (int length in _writes)
        {
            RandomAccess.Write(file, _bytes.AsSpan(position, length), position);
            position += length;
        }

        if (sync)
            RandomAccess.FlushToDisk(file);
    }

    /// <summary>The line of docs/log-format.md, by hand: the least that System.Text.Json needs for it.</summary>
    private static class Lines
    {
        private static readonly JsonEncodedText Timestamp = JsonEncodedText.Encode("timestamp");
        private static readonly JsonEncodedText Event = JsonEncodedText.Encode("event");
        private static readonly JsonEncodedText Generation = JsonEncodedText.Encode("generation");
        private static readonly JsonEncodedText Duration = JsonEncodedText.Encode("duration");
        private static readonly JsonEncodedText Success = JsonEncodedText.Encode("success");
        private static readonly JsonEncodedText ModelName = JsonEncodedText.Encode("model_name");
        private static readonly JsonEncodedText Prompt = JsonEncodedText.Encode("prompt_token_count");
        private static readonly JsonEncodedText Completion = JsonEncodedText.Encode("completion_token_count");
        private static readonly JsonEncodedText Total = JsonEncodedText.Encode("total_token_count");
        private static readonly JsonEncodedText FinishReason = JsonEncodedText.Encode("finish_reason");
        private static readonly JsonEncodedText Model = JsonEncodedText.Encode(Sample.Model);
        private static readonly JsonEncodedText Stop = JsonEncodedText.Encode(Sample.FinishReason);
        private static readonly DateTime Start = new(2026, 11, 23, 14, 25, 38, DateTimeKind.Utc);

        public static void Write(Utf8JsonWriter writer, int index)
        {
            writer.WriteStartObject();
            writer.WriteString(Timestamp, Start.AddTicks(index * 3_571L));
            writer.WriteString(Event, Generation);
            writer.WriteNumber(Duration, Sample.Duration(index).TotalSeconds);
            writer.WriteBoolean(Success, true);
            writer.WriteString(ModelName, Model);
            writer.WriteNumber(Prompt, Sample.Prompt(index));
            writer.WriteNumber(Completion, Sample.Completion(index));
            writer.WriteNumber(Total, Sample.Prompt(index) + Sample.Completion(index));
            writer.WriteString(FinishReason, Stop);
            writer.WriteEndObject();
            writer.Flush();
            writer.Reset();
        }
    }
}
