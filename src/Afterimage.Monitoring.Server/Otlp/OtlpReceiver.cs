using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The result of a request.</summary>
internal readonly record struct OtlpAnswer(long Rejected, string? Reason);

/// <summary>Receives export requests, and keeps a run for each sender.</summary>
internal sealed partial class OtlpReceiver : IHostedService, IAsyncDisposable
{
    private const int MaxIdleDecodings = 16;
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly OtlpOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory? _loggerFactory;
    private readonly ILogger? _logger;
    private readonly SpanMemory _memory;
    private readonly ConcurrentBag<OtlpDecoding> _idleDecodings = [];
    private readonly Lock _lock = new();
    private readonly Dictionary<SenderId, Lazy<SenderRun>> _runs = [];
    private readonly SemaphoreSlim _tick = new(1, 1);
    private ITimer? _timer;

    // Whether there may be spans that were waiting when a server was killed.
    private bool _mustResume = true;
    private bool _isStopped;

    public OtlpReceiver(OtlpOptions options, TimeProvider? time = null, ILoggerFactory? loggerFactory = null)
    {
        options.Validate();
        _options = options;
        _time = time ?? TimeProvider.System;
        _loggerFactory = loggerFactory;
        _logger = loggerFactory?.CreateLogger<OtlpReceiver>();
        _memory = new SpanMemory(options.RememberedSpans);
        Budget = new MemoryBudget(options.MaxBytesInFlight);
    }

    public OtlpStatistics Statistics { get; } = new();

    /// <summary>The limit on memory for the bodies of requests.</summary>
    public MemoryBudget Budget { get; }

    public OtlpOptions Options => _options;

    /// <summary>The number of senders whose runs are open.</summary>
    public int OpenRuns
    {
        get
        {
            lock (_lock)
                return _runs.Count;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = _time.CreateTimer(_ => _ = TickAsync(), null, TickInterval, TickInterval);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        List<Lazy<SenderRun>> runs;
        lock (_lock)
        {
            if (_isStopped)
                return;
            _isStopped = true;
            runs = [.. _runs.Values];
        }

        if (_timer is not null)
            await _timer.DisposeAsync().ConfigureAwait(false);
        await _tick.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await Task.WhenAll(runs.Select(EndAsync)).ConfigureAwait(false);
        }
        finally
        {
            _tick.Release();
        }

        static async Task EndAsync(Lazy<SenderRun> slot)
        {
            try
            {
                SenderRun run = slot.Value;
                if (!run.Ended.IsCompleted)
                    await run.EndAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The run could not begin.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _tick.Dispose();
    }

    /// <summary>Processes the body of a request. When the task completes, the data survives the end of the process.</summary>
    /// <exception cref="OtlpRefusedException">The request is refused.</exception>
    public async ValueTask<OtlpAnswer> TakeAsync(OtlpSignal signal, bool isJson, ReadOnlyMemory<byte> body)
    {
        OtlpDecoding decoding = _idleDecodings.TryTake(out OtlpDecoding? idle) ? idle : new OtlpDecoding();
        try
        {
            Decode(decoding, signal, isJson, body);
            foreach (SenderBatch batch in decoding.Batches)
                await TakeAsync(batch).ConfigureAwait(false);
            Statistics.CountAccepted(decoding);
            return new OtlpAnswer(decoding.Rejected, decoding.RejectionReason);
        }
        finally
        {
            decoding.End();
            if (_idleDecodings.Count < MaxIdleDecodings)
                _idleDecodings.Add(decoding);
        }
    }

    /// <summary>Records the spans that have waited long enough, and ends the runs of senders that have been silent for too long.</summary>
    /// <param name="waits">Whether to wait for a tick in progress. Otherwise, this tick is skipped, because it has nothing to add.</param>
    internal async Task TickAsync(bool waits = false)
    {
        if (!await _tick.WaitAsync(waits ? Timeout.InfiniteTimeSpan : TimeSpan.Zero).ConfigureAwait(false))
            return;
        try
        {
            // Not done at the start, which must not wait for it.
            if (_mustResume)
                _mustResume = !await Task.Run(TryResumeKilled).ConfigureAwait(false);
            KeyValuePair<SenderId, Lazy<SenderRun>>[] runs;
            lock (_lock)
            {
                if (_isStopped)
                    return;
                runs = [.. _runs.Where(run => run.Value.IsValueCreated)];
            }

            foreach ((SenderId sender, Lazy<SenderRun> slot) in runs)
            {
                if (await slot.Value.TickAsync().ConfigureAwait(false))
                    Remove(sender, slot);
            }
        }
#pragma warning disable CA1031 // Nobody waits for a tick: what goes wrong in one must not end the process, and the next tries again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (_logger is not null)
                LogTickFailed(_logger, e);
        }
        finally
        {
            _tick.Release();
        }
    }

    private static void Decode(OtlpDecoding decoding, OtlpSignal signal, bool isJson, ReadOnlyMemory<byte> body)
    {
        IOtlpDecoder decoder = isJson ? decoding.Json : decoding.Protobuf;
        try
        {
            switch (signal)
            {
                case OtlpSignal.Traces:
                    decoder.ReadTraces(body);
                    break;
                case OtlpSignal.Logs:
                    decoder.ReadLogs(body);
                    break;
                default:
                    decoder.ReadMetrics(body);
                    break;
            }
        }
        catch (OtlpFormatException e)
        {
            throw new OtlpRefusedException(OtlpRefusal.Malformed, e.Message, e);
        }
    }

    private async ValueTask TakeAsync(SenderBatch batch)
    {
        bool hasRecords = batch.Generations.Count > 0 || batch.Evaluations.Count > 0;
        if (!hasRecords && (batch.Links.Count == 0 || !IsOpen(batch.Sender)))
            return;
        if (batch.Generations.Count > 0 && HeldCount() + batch.Generations.Count > _options.MaxHeldSpans)
            throw new OtlpRefusedException(OtlpRefusal.Busy, "Too many spans are waiting for their parent spans.");

        while (true)
        {
            SenderRun run = Run(batch.Sender);
            if (await run.TakeAsync(batch).ConfigureAwait(false))
                return;
            await run.Ended.ConfigureAwait(false);
            if (!hasRecords)
                return;
        }
    }

    private bool IsOpen(SenderId sender)
    {
        lock (_lock)
            return _runs.ContainsKey(sender);
    }

    private int HeldCount()
    {
        Lazy<SenderRun>[] runs;
        lock (_lock)
            runs = [.. _runs.Values];
        return runs.Sum(run => run.IsValueCreated ? run.Value.HeldCount : 0);
    }

    private SenderRun Run(SenderId sender)
    {
        Lazy<SenderRun>? slot;
        lock (_lock)
        {
            if (_isStopped)
                throw new OtlpRefusedException(OtlpRefusal.Unavailable, "The server is shutting down.");
            if (_runs.TryGetValue(sender, out slot) && slot is { IsValueCreated: true, Value.Ended.IsCompleted: true })
                slot = null;
            if (slot is null)
            {
                if (_runs.Count >= _options.MaxSenders && !_runs.ContainsKey(sender))
                    throw new OtlpRefusedException(OtlpRefusal.Busy, "Too many senders have open runs.");
                slot = new Lazy<SenderRun>(() => SenderRun.Open(sender, _options, _time, _memory, Statistics, _loggerFactory));
                _runs[sender] = slot;
            }
        }

        try
        {
            return slot.Value;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(sender, slot);
            throw new OtlpRefusedException(OtlpRefusal.Unavailable, "The run of the sender could not be started.", e);
        }
    }

    private void Remove(SenderId sender, Lazy<SenderRun> slot)
    {
        lock (_lock)
        {
            if (_runs.TryGetValue(sender, out Lazy<SenderRun>? current) && current == slot)
                _runs.Remove(sender);
        }
    }

    /// <summary>Continues the runs of senders whose spans were waiting when a server was killed.</summary>
    /// <returns><see langword="true"/> if all are continued; <see langword="false"/> if there were too many.</returns>
    private bool TryResumeKilled()
    {
        if (!Directory.Exists(_options.RootDirectory))
            return true;
        foreach (string directory in Directory.EnumerateDirectories(_options.RootDirectory, "otlp-*"))
        {
            var held = new FileInfo(Path.Combine(directory, HeldSpansFile.Name));
            if (!held.Exists || held.Length == 0 || SenderFile.Read(directory) is not { } sender)
                continue;
            try
            {
                Run(sender);
            }
            catch (OtlpRefusedException e) when (e.Refusal == OtlpRefusal.Busy)
            {
                return false;
            }
            catch (OtlpRefusedException e)
            {
                if (_logger is not null)
                    LogResumeFailed(_logger, directory, e);
            }
        }

        return true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The spans held in {Directory} cannot be recorded now")]
    private static partial void LogResumeFailed(ILogger logger, string directory, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Waiting spans could not be recorded")]
    private static partial void LogTickFailed(ILogger logger, Exception exception);
}
