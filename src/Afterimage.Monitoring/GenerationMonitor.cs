using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Afterimage.Monitoring.Alerts;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Handlers;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Log.Writing;
using Afterimage.Monitoring.Measuring;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Options;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;
using Afterimage.Monitoring.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Afterimage.Monitoring;

/// <summary>Records what a program that calls language models does, keeps it, and answers how it is going.</summary>
/// <remarks>
/// <para>Every member may be called by any number of threads at once. Recording (<c>Track…</c>, <c>Record…</c>, <c>Log…</c>) puts a record
/// into a buffer of the calling thread and returns; a background thread carries it to memory and to the handlers. Reading first takes in
/// what this process has recorded.</para>
/// <para>Dispose the monitor to write what is pending. A process that ends without doing so (return from Main, unhandled exception, SIGINT,
/// SIGTERM) still writes it; one that is killed loses at most what was recorded in its last second. After disposal recording throws
/// <see cref="ObjectDisposedException"/>, and reading goes on working.</para>
/// </remarks>
public sealed class GenerationMonitor : IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromMinutes(5);

    /// <summary>What the log has at least, at disposal, to say what the time was not enough for.</summary>
    private static readonly TimeSpan LastWordTime = TimeSpan.FromSeconds(1);

    /// <summary>Longer than any call: whoever gives more has mistaken the unit.</summary>
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(366);

    // Set once.
    private readonly TimeProvider _timeProvider;
    private readonly Clock _clock;
    private readonly ILogger _logger;
    private readonly TimeSpan _shutdownTimeout;
    private readonly Names _names;
    private readonly MetricStore _store;
    private readonly bool _isPriced;
    private readonly Recorder _recorder;
    private readonly MetricReader _reader;
    private readonly RunFile _run;
    private readonly List<MetricHandlerSink> _metricSinks;
    private readonly List<LogHandlerSink> _logSinks;
    private readonly MetricHandlerSink _instrumentSink;
    private readonly IDisposable _healthInstruments;

    // Alerts: the engine is used under the lock.
    private readonly Lock _alertLock = new();
    private readonly AlertEngine _alertEngine;
    private readonly AlertAnnouncer _announcer;
    private readonly ITimer? _alertTimer;
    private int _alertTickRuns;

    // Budgets: the ledger is used under the recorder's lock. What happens to them is told outside of it, since evaluating alerts takes the
    // two locks in the other order.
    private readonly BudgetLedger? _budgets;
    private readonly ITimer? _budgetTimer;
    private readonly ConcurrentQueue<Alert> _budgetAlerts = new();

    // The token usage callback.
    private readonly HandlerQueue<TokenUsageReport>? _tokenUsageCallback;
    private readonly ITimer? _tokenUsageTimer;
    private TokenUsageReport? _lastReported;

    private int _disposed;

    /// <summary>Makes a monitor with the default settings, which writes into a new directory under
    /// <c>./.afterimage-monitoring</c>.</summary>
    /// <exception cref="IOException">The log directory cannot be made or written.</exception>
    public GenerationMonitor()
        : this(new GenerationMonitorOptions())
    {
    }

    /// <summary>Makes a monitor.</summary>
    /// <param name="options">The settings. They are read now: later changes have no effect.</param>
    /// <param name="timeProvider">
    /// The clock of every time stamp, window and interval. Default: the system's. Windows and intervals are measured with its monotonic
    /// clock (<see cref="TimeProvider.GetTimestamp"/>), so that setting the wall clock does not touch them; with one whose UTC clock stands
    /// still between calls, with that.
    /// </param>
    /// <param name="loggerFactory">Where the monitor reports trouble of its own. Default: nowhere but its log handlers.</param>
    /// <param name="meterFactory">Makes the meter <c>Afterimage.Monitoring</c> with its <c>gen_ai.*</c> instruments and those of the
    /// monitor's own health. Default: a meter of that name that all monitors of the process share; their generations add up, their health
    /// is told apart.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is out of its range; the exception names it.</exception>
    /// <exception cref="IOException">The log directory cannot be made or written, or one that a budget resumes from cannot be
    /// read.</exception>
    public GenerationMonitor(
        GenerationMonitorOptions options,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionsValidation.Validate(options);

        _timeProvider = timeProvider ?? TimeProvider.System;
        _clock = new Clock(_timeProvider);
        _logger = loggerFactory?.CreateLogger<GenerationMonitor>() ?? (ILogger)NullLogger.Instance;
        _shutdownTimeout = options.ShutdownTimeout;
        _names = new Names(options.CardinalityLimit);
        _store = new MetricStore(_names, _clock, options.MaxRetainedPoints);
        _isPriced = options.Pricing is not null;
        IRecordReducer reducer = _store;
        if (options.Budgets.Count > 0)
            reducer = _budgets = new BudgetLedger(options, _names, _clock, reducer, TellOfBudget);
        if (options.Pricing is { } pricing)
            reducer = new RecordPricing(pricing, _names, reducer);

        // Before anything of this run is written.
        List<CallHistory> histories = ResumeBudgets(options);
        _run = RunFile.Create(options.LogDirectory, _timeProvider.GetUtcNow());

        var troubleLog = new TroubleLog(_timeProvider, ReportTrouble);
        var instruments = new InstrumentHandler(meterFactory);
        _instrumentSink = new MetricHandlerSink(
            nameof(InstrumentHandler),
            instruments,
            _names,
            options.HandlerTimeLimit,
            troubleLog,
            () => instruments.HasListener);
        _metricSinks =
        [
            .. Named(options.MetricHandlers ?? [new FileMetricHandler(LogDirectory, options.LogFiles, _timeProvider)])
                .Select(h => new MetricHandlerSink(h.Name, h.Handler, _names, options.HandlerTimeLimit, troubleLog)),
        ];
        _logSinks =
        [
            .. Named(options.LogHandlers ?? [new FileLogHandler(LogDirectory, options.LogFiles, _timeProvider)])
                .Select(h => new LogHandlerSink(h.Name, h.Handler, options.HandlerTimeLimit, troubleLog)),
        ];

        _alertEngine = new AlertEngine(BuiltInRules.With(options), options.AlertRepeatInterval, _store);
        _announcer = new AlertAnnouncer(
            options.AlertHandlers,
            new AlertFile(LogDirectory, options.LogFiles.Copy(), _timeProvider),
            options.HandlerTimeLimit,
            troubleLog);
        if (options.TokenUsageCallback is { } callback)
            _tokenUsageCallback = TokenUsageQueue(callback, options.HandlerTimeLimit, troubleLog);

        _recorder = new Recorder(
            _names,
            _clock,
            reducer,
            [.. _metricSinks, .. _logSinks, _instrumentSink],
            BufferCapacity(options),
            options.BufferFullMode,
            troubleLog.ReportFullBuffers);
        _reader = new MetricReader(_recorder, _store, _clock);
        _healthInstruments = HealthInstruments.Add(instruments.Meter, LogDirectory, GetStatistics);
        using (ExecutionContext.SuppressFlow())
        {
            if (options.MetricsInterval > TimeSpan.Zero)
                _alertTimer = _timeProvider.CreateTimer(_ => CheckAlertsOnTimer(), null, options.MetricsInterval, options.MetricsInterval);
            if (_budgets?.NextMark is not null)
                _budgetTimer = _timeProvider.CreateTimer(_ => RefreshBudgets(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (_tokenUsageCallback is not null)
                _tokenUsageTimer = _timeProvider.CreateTimer(
                    _ => ReportTokenUsage(isFinal: false),
                    null,
                    options.TokenUsageCallbackInterval,
                    options.TokenUsageCallbackInterval);
        }

        foreach (CallHistory history in histories)
            WriteOwnLog(LogLevel.Information, history.ToString(), null);
        _budgets?.TellSpent();
        if (_budgetTimer is not null)
            RefreshBudgets();
        LiveMonitors.Add(this);
    }

    /// <summary>The directory that this run is kept in, as a full path.</summary>
    public string LogDirectory => _run.Directory;

    /// <summary>The metrics that have at least one point, in no particular order.</summary>
    public IReadOnlyCollection<string> MetricNames
    {
        get
        {
            using (_recorder.EnterApplied())
                return [.. _store.AllSeries.Select(s => s.Name)];
        }
    }

    /// <summary>Whether a file handler of the monitor writes <see cref="LogDirectory"/>.</summary>
    internal bool WritesLogDirectory =>
        _metricSinks.Any(sink => sink.Handler is FileMetricHandler file && file.LogDirectory == LogDirectory);

    /// <summary>Records a finished generation. Takes some ten nanoseconds and allocates nothing, save where an error or tags are
    /// given.</summary>
    /// <param name="duration">How long it took, from the request to the end of the answer. Zero to 366 days.</param>
    /// <param name="success">Whether it came to a usable answer.</param>
    /// <param name="details">What else is known. Default: nothing.</param>
    /// <exception cref="ArgumentException"><paramref name="duration"/> or a detail is out of its range. Nothing was recorded.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void TrackGeneration(TimeSpan duration, bool success, in GenerationDetails details = default)
    {
        ThrowIfAbsurd(duration, nameof(duration));
        if (details.HasAbsurd(LongestDuration))
            ThrowAbsurd(details);

        ThreadBuffer buffer = _recorder.Buffer;
        int model = buffer.Models.Id(details.ModelName);
        int finishReason = buffer.FinishReasons.Id(details.FinishReason);
        RecordFields fields = details.Given;
        if (success)
            fields |= RecordFields.Success;
        int provider = NameTable.None;
        int operation = NameTable.None;
        RecordDetails? extra = null;
        if (!details.IsPlain)
        {
            provider = buffer.Labels.Id(details.Provider);
            operation = buffer.Labels.Id(details.Operation);
            if (!string.IsNullOrEmpty(details.Error))
                fields |= RecordFields.Error;
        }

        if (
            model == NameTable.Overflow
            || finishReason == NameTable.Overflow
            || (
                !details.IsPlain
                && (
                    (fields & RecordFields.Error) != 0
                    || details.Tags is not null
                    || details.Reservation is not null
                    || details.Extras is not null
                    || provider == NameTable.Overflow
                    || operation == NameTable.Overflow)))
            extra = Extra(details);

        // Apart from the condition above, which it would slow down by a fifth.
        if (GenerationSpans.HasListener)
            (extra ??= new RecordDetails()).Activity = Activity.Current;

        long timestamp = !details.IsPlain && details.Timestamp is { } given ? given.UtcTicks : _clock.Stamp;
        if (!buffer.TryBegin(out Span<Record> slot))
            return;

        ref Record record = ref slot[0];
        record.Kind = RecordKind.Generation;
        record.Timestamp = timestamp;
        record.Duration = duration.Ticks;
        details.CopyTo(ref record);
        record.ModelId = model;
        record.FinishReasonId = finishReason;
        record.ProviderId = (short)provider;
        record.OperationId = (short)operation;
        record.Fields = fields;
        if (extra is not null)
            record.Details = extra;
        buffer.Publish();
    }

#pragma warning disable RS0026 // Two overloads with optional details: their scores are of different types, so that no call is ambiguous.
    /// <summary>Records a finished evaluation.</summary>
    /// <param name="duration">How long it took. Zero to 366 days.</param>
    /// <param name="success">Whether it came to a result.</param>
    /// <param name="evaluatorType">Who or what evaluated, such as <c>coherence</c>.</param>
    /// <param name="scores">The scores by name. May be empty.</param>
    /// <param name="details">What else is known. Default: nothing.</param>
    /// <exception cref="ArgumentException">A name is null or empty, or <paramref name="duration"/> or a detail is out of its range. Nothing
    /// was recorded.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void TrackEvaluation(
        TimeSpan duration,
        bool success,
        string evaluatorType,
        IReadOnlyDictionary<string, double> scores,
        in EvaluationDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(scores);
        TrackEvaluation(
            duration,
            success,
            evaluatorType,
            scores.Select(s => KeyValuePair.Create(s.Key, new EvaluationScore(s.Value))),
            details);
    }

    /// <inheritdoc cref="TrackEvaluation(TimeSpan, bool, string, IReadOnlyDictionary{string, double}, in EvaluationDetails)"/>
    public void TrackEvaluation(
        TimeSpan duration,
        bool success,
        string evaluatorType,
        IReadOnlyDictionary<string, EvaluationScore> scores,
        in EvaluationDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(scores);
        TrackEvaluation(duration, success, evaluatorType, (IEnumerable<KeyValuePair<string, EvaluationScore>>)scores, details);
    }
#pragma warning restore RS0026

    /// <summary>Begins to time a generation, which is recorded when the scope is told how it ended, or left.</summary>
    /// <param name="modelName">The model, unless <see cref="GenerationScope.Complete"/> is told another. Default: unknown.</param>
    /// <param name="provider">Who serves it. Default: unknown.</param>
    /// <param name="operation">What is asked of it. Default: unknown.</param>
    /// <returns>The scope, for <c>using</c>.</returns>
    /// <example>
    /// <code>
    /// using GenerationScope generation = monitor.MeasureGeneration("gpt-4o");
    /// Answer answer = await AskAsync(question);
    /// generation.Complete(new() { PromptTokenCount = answer.PromptTokens, CompletionTokenCount = answer.CompletionTokens });
    /// </code>
    /// </example>
    public GenerationScope MeasureGeneration(string? modelName = null, string? provider = null, string? operation = null) =>
        new(this, Measurement.Start(_clock), modelName, provider, operation);

    /// <summary>Begins to time an evaluation, which is recorded when the scope is told how it ended, or left.</summary>
    /// <param name="evaluatorType">Who or what evaluates, such as <c>coherence</c>.</param>
    /// <param name="modelName">The model that evaluates, unless the scope is told another. Default: unknown.</param>
    /// <returns>The scope, for <c>using</c>.</returns>
    /// <exception cref="ArgumentException"><paramref name="evaluatorType"/> is null or empty.</exception>
    public EvaluationScope MeasureEvaluation(string evaluatorType, string? modelName = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(evaluatorType);
        return new EvaluationScope(this, Measurement.Start(_clock), evaluatorType, modelName);
    }

    /// <summary>Records a single point of a metric of the caller's own, or of one that the monitor knows.</summary>
    /// <param name="metricName">The metric's name.</param>
    /// <param name="value">The value. NaN and infinities are logged and counted (<see cref="MonitorStatistics.NonFinite"/>), but kept out
    /// of aggregates.</param>
    /// <param name="metadata">What else is known. Values that are no JSON scalars are kept as their invariant text; a <c>model_name</c>
    /// that is a string is the point's model. Default: nothing.</param>
    /// <param name="timestamp">When it happened. Default: now, by the monitor's clock. Stored as UTC.</param>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> or a key of <paramref name="metadata"/> is null or empty. Nothing
    /// was recorded.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void RecordMetric(
        string metricName,
        double value,
        IReadOnlyDictionary<string, object?>? metadata = null,
        DateTimeOffset? timestamp = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        ThreadBuffer buffer = _recorder.Buffer;
        int metric = buffer.Metrics.Id(metricName);
        int model = NameTable.None;
        RecordDetails? extra = null;
        if (metadata is not null || metric == NameTable.Overflow)
        {
            extra = new RecordDetails { Name = metricName, Tags = Scalar.Copy(metadata, nameof(metadata)) };
            if (metadata is not null && metadata.TryGetValue(RecordKeys.ModelName, out object? modelName))
                model = buffer.Models.Id(modelName as string);
        }

        RecordFields fields = RecordFields.None;
        Write(buffer, new Record
        {
            Kind = RecordKind.Metric,
            Timestamp = Timestamp(timestamp, ref fields),
            Fields = fields,
            NameId = metric,
            Value = value,
            ModelId = model,
            Details = extra,
        });
    }

    /// <summary>Logs something good to know.</summary>
    /// <param name="message">The message.</param>
    /// <param name="data">Further facts, under the rules of metadata. Default: none.</param>
    /// <exception cref="ArgumentException"><paramref name="message"/> or a key of <paramref name="data"/> is null or empty.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void LogInfo(string message, IReadOnlyDictionary<string, object?>? data = null) =>
        Log(LogLevel.Information, message, null, data);

    /// <summary>Logs something that someone should look at.</summary>
    /// <inheritdoc cref="LogInfo"/>
    public void LogWarning(string message, IReadOnlyDictionary<string, object?>? data = null) => Log(LogLevel.Warning, message, null, data);

    /// <summary>Logs something that went wrong.</summary>
    /// <param name="message">The message.</param>
    /// <param name="exception">What was thrown. Default: nothing.</param>
    /// <param name="data">Further facts, under the rules of metadata. Default: none.</param>
    /// <exception cref="ArgumentException"><paramref name="message"/> or a key of <paramref name="data"/> is null or empty.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void LogError(string message, Exception? exception = null, IReadOnlyDictionary<string, object?>? data = null) =>
        Log(LogLevel.Error, message, exception, data);

    /// <summary>Aggregates the points of a metric in a window that ends now.</summary>
    /// <remarks>
    /// A point is in the window when it is stamped at or after now minus <paramref name="window"/>; one stamped ahead of the clock is in
    /// every window. Exact, and in time that grows with the logarithm of the points, as long as the window reaches back no further than
    /// <see cref="GenerationMonitorOptions.MaxRetainedPoints"/> do; beyond, its edge is rounded outwards. A window over everything is
    /// always exact.
    /// </remarks>
    /// <param name="metricName">The metric.</param>
    /// <param name="window">The window, not negative; one longer than the run takes in everything. Default: five minutes.</param>
    /// <returns>The aggregate; of an unknown metric one with <see cref="MetricAggregate.Count"/> 0.</returns>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> is null or empty, or <paramref name="window"/> is
    /// negative.</exception>
    public MetricAggregate GetMetrics(string metricName, TimeSpan? window = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        return _reader.Aggregate(metricName, window ?? DefaultWindow);
    }

    /// <summary>Sums the tokens of generations and evaluations by model.</summary>
    /// <param name="window">The window, under the rules of <see cref="GetMetrics"/>. Default: everything, exactly, at a cost that grows
    /// with the models and not the records.</param>
    /// <returns>The token usage; a model is in it when a token count was given for it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative.</exception>
    public TokenUsageReport GetTotalTokenUsage(TimeSpan? window = null)
    {
        long from = window is { } given ? _clock.WindowStart(given) : long.MinValue;
        using (_recorder.EnterApplied())
            return TokenTotals.Report(_store, _names, from);
    }

    /// <summary>Sums what generations and evaluations cost by model, at the prices of <see cref="GenerationMonitorOptions.Pricing"/>, each
    /// call by its own cached and reasoning tokens.</summary>
    /// <param name="window">The window, under the rules of <see cref="GetMetrics"/>. Default: everything.</param>
    /// <returns>The cost; what has no known price is in it as unpriced, not as free.</returns>
    /// <exception cref="InvalidOperationException">The monitor has no <see cref="GenerationMonitorOptions.Pricing"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative.</exception>
    public CostReport GetCost(TimeSpan? window = null)
    {
        if (!_isPriced)
            throw new InvalidOperationException(
                $"Costs need prices: set {nameof(GenerationMonitorOptions)}.{nameof(GenerationMonitorOptions.Pricing)}.");
        return RecordedCost(window);
    }

    /// <summary>Evaluates the alert rules now, and lets the alert handlers know what is new.</summary>
    /// <remarks>When it returns, the handlers have heard of it, save one that stands still for
    /// <see cref="GenerationMonitorOptions.HandlerTimeLimit"/>. After disposal no handler hears of anything.</remarks>
    /// <returns>The alerts that fire now, whether or not their handlers knew already.</returns>
    public IReadOnlyList<Alert> CheckAlerts()
    {
        IReadOnlyList<Alert> firing;
        lock (_alertLock)
        {
            (firing, IReadOnlyList<Alert> news) = _alertEngine.Evaluate(_timeProvider.GetUtcNow(), TimeSpan.FromTicks(_clock.Now), _reader);
            if (_disposed == 0)
                _announcer.AnnounceEvaluation(news);
        }

        AnnounceBudgetAlerts();

        _announcer.FlushAsync().GetAwaiter().GetResult();
        return firing;
    }

    /// <summary>Says where each alert rule stands. It does not evaluate: that <see cref="CheckAlerts"/> does, and the timer of
    /// <see cref="GenerationMonitorOptions.MetricsInterval"/>.</summary>
    /// <returns>The rules, built-in ones first, with their states as of their last evaluation.</returns>
    public IReadOnlyList<AlertStatus> GetAlerts()
    {
        lock (_alertLock)
            return _alertEngine.Statuses;
    }

    /// <summary>Cancelled when a budget is spent. Give it to calls and to the loop that makes them.</summary>
    /// <remarks>
    /// Of a budget with a calendar window it is cancelled until the window is over; from then on this property has a new token. Callbacks
    /// on it run on the thread pool. Records of this process count at once when this property, <see cref="TryReserve"/> or
    /// <see cref="GetBudgets"/> is asked, and within 200 ms otherwise.
    /// </remarks>
    public CancellationToken BudgetToken
    {
        get
        {
            if (_budgets is null)
                return CancellationToken.None;
            using (_recorder.EnterApplied())
            {
                _budgets.Refresh();
                return _budgets.Token;
            }
        }
    }

    /// <summary>Reserves what a call may use, of all budgets or of none.</summary>
    /// <remarks>
    /// Reservations are atomic: what is spent and what is reserved never exceed a limit together, so that any number of workers overshoot
    /// by no more than what calls in flight use beyond their estimates. Hand the reservation to the call's record
    /// (<see cref="GenerationDetails.Reservation"/>) and dispose it behind that: what was not used returns.
    /// </remarks>
    /// <param name="estimate">What the call may use at the most.</param>
    /// <param name="reservation">What it holds; <see langword="null"/> where it was refused.</param>
    /// <returns><see langword="true"/> if the call may be made; without budgets always.</returns>
    /// <exception cref="ArgumentException">A number of the estimate is negative, or a budget is of dollars and the estimate has neither a
    /// cost nor a model with a known price.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public bool TryReserve(in BudgetEstimate estimate, [NotNullWhen(true)] out BudgetReservation? reservation)
    {
        reservation = ReserveOrRefuse(estimate, out _);
        return reservation is not null;
    }

    /// <summary>Reserves what a call may use, of all budgets, or says which has no room for it.</summary>
    /// <inheritdoc cref="TryReserve" path="/remarks"/>
    /// <param name="estimate">What the call may use at the most.</param>
    /// <returns>What it holds.</returns>
    /// <exception cref="BudgetExceededException">A budget has no room for it. Nothing is reserved.</exception>
    /// <exception cref="ArgumentException">A number of the estimate is negative, or a budget is of dollars and the estimate has neither a
    /// cost nor a model with a known price.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public BudgetReservation Reserve(in BudgetEstimate estimate) =>
        ReserveOrRefuse(estimate, out BudgetStatus? refusedBy) ?? throw new BudgetExceededException(refusedBy!);

    /// <summary>Says where each budget stands.</summary>
    /// <returns>The budgets, in the order of the options.</returns>
    public IReadOnlyList<BudgetStatus> GetBudgets()
    {
        if (_budgets is null)
            return [];
        using (_recorder.EnterApplied())
        {
            _budgets.Refresh();
            return _budgets.Statuses;
        }
    }

    /// <summary>Says what became of everything that was recorded.</summary>
    /// <returns>The figures of this moment.</returns>
    public MonitorStatistics GetStatistics()
    {
        long nonFinite;
        using (_recorder.EnterApplied())
            nonFinite = _store.NonFinite;

        (long recorded, long dropped) = _recorder.Counts;
        HandlerStatistics[] metricHandlers = [.. _metricSinks.Select(s => s.Queue.Statistics)];
        HandlerStatistics[] logHandlers = [.. _logSinks.Select(s => s.Queue.Statistics)];
        HandlerStatistics[] all = [.. metricHandlers, .. logHandlers];
        return new MonitorStatistics(
            recorded,
            dropped,
            WrittenByAll(metricHandlers) + WrittenByAll(logHandlers),
            all.Sum(h => h.Failed + h.Dropped),
            nonFinite,
            all)
        {
            AlertHandlers = _announcer.Statistics,
        };

        static long WrittenByAll(HandlerStatistics[] handlers) => handlers.Length == 0 ? 0 : handlers.Min(h => h.Written);
    }

    /// <summary>Hands everything recorded before the call to the handlers, and ends when they have written it.</summary>
    /// <remarks>What the file handlers have written survives the process. A handler that need not be lossless is waited for no longer than
    /// its time limit.</remarks>
    /// <param name="cancellationToken">Ends the waiting, not the writing.</param>
    /// <returns>A task that ends when everything is written.</returns>
    /// <exception cref="IOException">A lossless handler could not write it, or has stood still for
    /// <see cref="GenerationMonitorOptions.HandlerTimeLimit"/>; it goes on trying.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task[] sinks = await _recorder.FlushAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(sinks).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes every metric's figures and its points in memory, and the token usage, to
    /// <c>LogDirectory/metrics_yyyyMMdd_HHmmss.json</c> (UTC).</summary>
    /// <remarks>A file that exists is not overwritten: <c>_2</c> and so on is added to the name.</remarks>
    /// <returns>The file's full path.</returns>
    /// <exception cref="IOException">It could not be written.</exception>
    public string SaveMetrics()
    {
        DateTimeOffset now = _timeProvider.GetUtcNow();
        using (_recorder.EnterApplied())
            return MetricsSnapshot.Save(
                LogDirectory,
                now,
                _clock.WallOffset,
                _store,
                TokenTotals.Report(_store, _names, long.MinValue),
                _names);
    }

    /// <summary>Refuses further records and writes those that were accepted, for at most
    /// <see cref="GenerationMonitorOptions.ShutdownTimeout"/>. Reading goes on working.</summary>
    /// <remarks>What could not be written in that time is counted in <see cref="GetStatistics"/> and said in one log entry. Handlers that
    /// are <see cref="IDisposable"/> are disposed.</remarks>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        LiveMonitors.Remove(this);
        _alertTimer?.Dispose();
        _tokenUsageTimer?.Dispose();
        _budgetTimer?.Dispose();

        long deadline = Stopwatch.GetTimestamp() + StopwatchTicks(_shutdownTimeout);
        bool isDrained = _recorder.Close(_shutdownTimeout);
        ReportTokenUsage(isFinal: true);
        _tokenUsageCallback?.BeginClose();
        lock (_alertLock)
        {
            // Of the last records.
            while (_budgetAlerts.TryDequeue(out Alert? alert))
                _announcer.Announce([alert]);
            _announcer.BeginClose();
        }

        foreach (MetricHandlerSink sink in _metricSinks.Append(_instrumentSink))
            sink.Queue.BeginClose();

        _tokenUsageCallback?.Close(deadline);
        _announcer.Close(deadline);
        foreach (MetricHandlerSink sink in _metricSinks.Append(_instrumentSink))
            sink.Queue.Close(deadline, sink.Handler);

        LogWhatWasLost(isDrained);
        foreach (LogHandlerSink sink in _logSinks)
            sink.Queue.Close(Math.Max(deadline, Stopwatch.GetTimestamp() + StopwatchTicks(LastWordTime)), sink.Handler);
        WriteEnd();
        _healthInstruments.Dispose();
        _run.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    /// <returns>A task that ends when the monitor is disposed.</returns>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    /// <summary>When a window that ends now begins, in wall-clock time.</summary>
    internal DateTimeOffset WindowStartTime(TimeSpan window)
    {
        long start = _clock.WindowStart(window);
        return start == long.MinValue ? DateTimeOffset.MinValue : new DateTimeOffset(start + _clock.WallOffset, TimeSpan.Zero);
    }

    /// <summary>The cost that was recorded, by the monitor's prices or by the program itself.</summary>
    internal CostReport RecordedCost(TimeSpan? window = null)
    {
        long from = window is { } given ? _clock.WindowStart(given) : long.MinValue;
        using (_recorder.EnterApplied())
            return TokenTotals.Cost(_store, _names, from);
    }

    /// <summary>The raw points in memory, a chunk at a time.</summary>
    internal IReadOnlyList<RetainedPoints> RetainedPoints()
    {
        using (_recorder.EnterApplied())
            return
            [
                .. _store.AllSeries.SelectMany(series =>
                    series.RawChunks().Select(chunk => new RetainedPoints(series.Name, chunk, _clock.WallOffset, _names.Models))),
            ];
    }

    /// <summary>Writes what is pending of a monitor that nobody disposed, while others may still record.</summary>
    internal void FlushAtExit(bool isEnd)
    {
        AnnounceBudgetAlerts();
        Task flushed = Task.WhenAll(FlushAsync().AsTask(), _announcer.FlushAsync());
        if (isEnd)
        {
            ReportTokenUsage(isFinal: true);
            flushed = Task.WhenAll(flushed, _tokenUsageCallback?.FlushAsync(Thread.CurrentThread) ?? Task.CompletedTask);
        }

        flushed.Wait(_shutdownTimeout);
        if (isEnd)
            WriteEnd();
    }

    internal void Log(LogLevel level, string message, Exception? exception, IReadOnlyDictionary<string, object?>? data)
    {
        ArgumentException.ThrowIfNullOrEmpty(message);
        Write(_recorder.Buffer, new Record
        {
            Kind = RecordKind.Log,
            Timestamp = _clock.Stamp,
            Details = new RecordDetails
            {
                LogLevel = level,
                LogMessage = message,
                LogException = exception,
                Tags = Scalar.Copy(data, nameof(data)),
            },
        });
    }

    private static long StopwatchTicks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static bool IsAbsurd(TimeSpan duration) => (ulong)duration.Ticks > (ulong)LongestDuration.Ticks;

    // What is rare stays out of TrackGeneration: its locals would be set up in every call.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static RecordDetails Extra(in GenerationDetails details) =>
        new()
        {
            Error = NullIfEmpty(details.Error),
            Tags = Scalar.Copy(details.Tags, nameof(details)),
            ModelName = details.ModelName,
            FinishReason = details.FinishReason,
            Provider = details.Provider,
            Operation = details.Operation,
            Reservation = details.Reservation,
            Extras = WithRequestModel(details),
        };

    // A budget and a price hold for the name that was asked for too, which the reservation knows where the details do not.
    private static RecordExtras? WithRequestModel(in GenerationDetails details) =>
        details is { RequestModel: null, Reservation.Estimate.ModelName: { } asked } && asked != details.ModelName
            ? RecordExtras.With(details.Extras, RecordSchema.RequestModel, asked)
            : details.Extras;

    /// <summary>Says which of the details is out of its range.</summary>
    [DoesNotReturn]
    private static void ThrowAbsurd(in GenerationDetails details)
    {
        var fields = default(RecordFields);
        Count(details.PromptTokenCount, RecordFields.None, ref fields);
        Count(details.CompletionTokenCount, RecordFields.None, ref fields);
        Count(details.TotalTokenCount, RecordFields.None, ref fields);
        Count(details.CachedPromptTokenCount, RecordFields.None, ref fields);
        Count(details.ReasoningTokenCount, RecordFields.None, ref fields);
        Count(details.ConversationLength, RecordFields.None, ref fields);
        if (details.TimeToFirstToken is not null)
            ThrowIfAbsurd(details.TimeToFirstToken.Value, nameof(details));
        ThrowIfNegative(details.Extras);
        throw new UnreachableException();
    }

    private static void ThrowIfNegative(RecordExtras? extras)
    {
        if (extras?.FirstNegative() is { } negative)
            ThrowOutOfRange("details", negative.Count, $"{negative.Field.Key} must not be negative.");
    }

    private static void ThrowIfAbsurd(
        TimeSpan duration,
        string parameter,
        [CallerArgumentExpression(nameof(duration))] string expression = "")
    {
        if (IsAbsurd(duration))
            ThrowAbsurd(duration, parameter, expression);
    }

    [DoesNotReturn]
    private static void ThrowAbsurd(TimeSpan duration, string parameter, string expression) =>
        throw new ArgumentOutOfRangeException(parameter, duration, $"{expression} is from zero to {LongestDuration.TotalDays:0} days.");

    [DoesNotReturn]
    private static void ThrowOutOfRange(string parameter, object value, string message) =>
        throw new ArgumentOutOfRangeException(parameter, value, message);

    private static long Count(
        long? count,
        RecordFields field,
        ref RecordFields fields,
        [CallerArgumentExpression(nameof(count))] string expression = "")
    {
        if (count is not { } given)
            return 0;
        if (given < 0)
            ThrowOutOfRange("details", given, $"{expression} is not negative.");

        fields |= field;
        return given;
    }

    private static int BufferCapacity(GenerationMonitorOptions options) =>
        (int)BitOperations.RoundUpToPowerOf2((uint)options.BufferCapacity);

    private static void Write(ThreadBuffer buffer, in Record record)
    {
        if (!buffer.TryBegin(out Span<Record> slot))
            return;

        slot[0] = record;
        buffer.Publish();
    }

    /// <summary>The handlers with their type's name, numbered from the second of a type on: statistics and log must tell them
    /// apart.</summary>
    private static IEnumerable<(string Name, T Handler)> Named<T>(IList<T> handlers)
        where T : notnull
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (T handler in handlers)
        {
            string name = handler.GetType().Name;
            int count = counts[name] = counts.GetValueOrDefault(name) + 1;
            yield return (count == 1 ? name : $"{name} {count}", handler);
        }
    }

    private static HandlerQueue<TokenUsageReport> TokenUsageQueue(
        Action<TokenUsageReport> callback,
        TimeSpan timeLimit,
        TroubleLog troubleLog) =>
        new(
            new HandlerContract<TokenUsageReport>(
                "token usage callback",
                report =>
                {
                    callback(report);
                    return default;
                })
            {
                Capacity = 16,
            },
            timeLimit,
            troubleLog);

    private long Timestamp(DateTimeOffset? given, ref RecordFields fields)
    {
        if (given is not { } timestamp)
            return _clock.Stamp;

        fields |= RecordFields.GivenTimestamp;
        return timestamp.UtcTicks;
    }

    private void TrackEvaluation(
        TimeSpan duration,
        bool success,
        string evaluatorType,
        IEnumerable<KeyValuePair<string, EvaluationScore>> scores,
        in EvaluationDetails details)
    {
        ThrowIfAbsurd(duration, nameof(duration));
        ArgumentException.ThrowIfNullOrEmpty(evaluatorType);
        RecordFields fields = success ? RecordFields.Success : RecordFields.None;
        long prompt = Count(details.PromptTokenCount, RecordFields.PromptTokens, ref fields);
        long completion = Count(details.CompletionTokenCount, RecordFields.CompletionTokens, ref fields);
        long total = Count(details.TotalTokenCount, RecordFields.TotalTokens, ref fields);
        ThrowIfNegative(details.Extras);
        if (!string.IsNullOrEmpty(details.Error))
            fields |= RecordFields.Error;

        List<RecordScore> recordScores = [];
        foreach ((string name, EvaluationScore score) in scores)
        {
            if (string.IsNullOrEmpty(name))
                throw new ArgumentException("A score's name is null or empty.", nameof(scores));
            recordScores.Add(new RecordScore(_names.ScoreMetrics[_names.Scores.GetOrAdd(name)], name, score.Score, score.Feedback));
        }

        ThreadBuffer buffer = _recorder.Buffer;
        Write(buffer, new Record
        {
            Kind = RecordKind.Evaluation,
            Timestamp = Timestamp(details.Timestamp, ref fields),
            Duration = duration.Ticks,
            PromptTokens = prompt,
            CompletionTokens = completion,
            TotalTokens = total,
            ModelId = buffer.Models.Id(details.ModelName),
            NameId = buffer.Labels.Id(evaluatorType),
            Fields = fields,
            Details = new RecordDetails
            {
                Error = NullIfEmpty(details.Error),
                Tags = Scalar.Copy(details.Tags, nameof(details)),
                Scores = [.. recordScores],
                ModelName = details.ModelName,
                Name = evaluatorType,
                Reservation = details.Reservation,
                Extras = details.Extras,
            },
        });
    }

    private void CheckAlertsOnTimer()
    {
        // A tick that finds the one before still waiting for its handlers has nothing to add.
        if (Interlocked.Exchange(ref _alertTickRuns, 1) != 0)
            return;

        try
        {
            CheckAlerts();
        }
        finally
        {
            Volatile.Write(ref _alertTickRuns, 0);
        }
    }

    private List<CallHistory> ResumeBudgets(GenerationMonitorOptions options)
    {
        List<CallHistory> histories = [];
        foreach (
            IGrouping<string, Budget> resumed in options
                .Budgets.Where(b => b.ResumeFrom is not null)
                .GroupBy(b => Path.GetFullPath(b.ResumeFrom!)))
        {
            CallHistory history;
            do
            {
                history = new CallHistory(resumed.Key, options.CompactedFileReader);
                _budgets!.Resume([.. resumed], history.Since);
            }
            while (history.IsOutdated);
            histories.Add(history);
        }

        return histories;
    }

    private BudgetReservation? ReserveOrRefuse(in BudgetEstimate estimate, out BudgetStatus? refusedBy)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        ArgumentOutOfRangeException.ThrowIfNegative(estimate.PromptTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(estimate.CompletionTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(estimate.CostUsd ?? 0);
        refusedBy = null;
        if (_budgets is null)
            return new BudgetReservation([], TimeSpan.MaxValue, release: null) { Estimate = estimate };

        using (_recorder.EnterApplied())
            return _budgets.TryReserve(estimate, Release, out refusedBy);
    }

    private void Release(BudgetReservation reservation)
    {
        using (_recorder.EnterApplied())
            _budgets!.Release(reservation);
    }

    private void RefreshBudgets()
    {
        TimeSpan? next;
        using (_recorder.EnterApplied())
        {
            _budgets!.Refresh();
            next = _budgets.NextMark;
        }

        // A timer takes no more than 49 days.
        if (next is { } due)
            _budgetTimer!.Change(due < TimeSpan.FromDays(49) ? due : TimeSpan.FromDays(49), Timeout.InfiniteTimeSpan);
    }

    // Under the recorder's lock, on any thread.
    private void TellOfBudget(BudgetNews news)
    {
        _budgetAlerts.Enqueue(BudgetAlert.Of(news, _timeProvider.GetUtcNow()));
        ThreadPool.UnsafeQueueUserWorkItem(static monitor => monitor.AnnounceBudgetAlerts(), this, preferLocal: false);
    }

    private void AnnounceBudgetAlerts()
    {
        lock (_alertLock)
        {
            while (_disposed == 0 && _budgetAlerts.TryDequeue(out Alert? alert))
                _announcer.Announce([alert]);
        }
    }

    private void ReportTokenUsage(bool isFinal)
    {
        if (_tokenUsageCallback is null)
            return;

        TokenUsageReport report = GetTotalTokenUsage();
        if (isFinal && report.ByModel.SequenceEqual(_lastReported?.ByModel ?? []))
            return;

        _lastReported = report;
        _tokenUsageCallback.Enqueue(report, weight: 1);
        if (!isFinal)
            _tokenUsageCallback.FlushAsync(Thread.CurrentThread).GetAwaiter().GetResult();
    }

    private void ReportTrouble(string message, Exception? exception)
    {
        MonitorLog.HandlerTrouble(_logger, message, exception);
        WriteOwnLog(LogLevel.Error, message, exception);
    }

    private void LogWhatWasLost(bool isDrained)
    {
        (long recorded, long dropped) = _recorder.Counts;
        if (dropped > 0)
        {
            MonitorLog.RecordsDropped(_logger, LogDirectory, dropped);
            WriteOwnLog(LogLevel.Warning, $"Buffers were full: {dropped} records were dropped", null);
        }

        // What the pump still holds has reached no handler.
        long stuck = isDrained ? 0 : recorded - _recorder.Delivered;
        long lost = stuck + _metricSinks.Sum(s => s.Queue.Statistics.Failed + s.Queue.Statistics.Dropped);
        if (lost > 0)
        {
            MonitorLog.ShutdownIncomplete(_logger, LogDirectory, lost);
            WriteOwnLog(LogLevel.Error, $"The monitor was disposed before everything was written: {lost} records are lost", null);
        }
    }

    // Past the recorder: it may be called by the pump, which must not wait for itself, and after the recorder is closed.
    private void WriteOwnLog(LogLevel level, string message, Exception? exception)
    {
        var entry = new LogEntry(_timeProvider.GetUtcNow(), level, message, exception);
        foreach (LogHandlerSink sink in _logSinks)
            sink.AcceptOwn(entry);
    }

    private void WriteEnd()
    {
        try
        {
            _run.WriteEnd(_timeProvider.GetUtcNow(), GetStatistics());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The records are safe; only the note that the run ended in order is missing, as if it had been killed.
            MonitorLog.HandlerTrouble(_logger, $"run.json could not be written: {e.Message}", e);
        }
    }
}
