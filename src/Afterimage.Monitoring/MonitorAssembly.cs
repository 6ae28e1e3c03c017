using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Numerics;
using Afterimage.Monitoring.Alerts;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Handlers;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Log.Writing;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Options;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Telemetry;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>Builds the parts of a monitor, holds them, and closes them in order.</summary>
internal sealed class MonitorAssembly
{
    // A number that distinguishes monitors without a directory.
    private static int _inMemory;

    private readonly ProgramLogger _logger;
    private readonly TimeSpan _shutdownTimeout;
    private readonly AlertAnnouncer _announcer;
    private readonly TokenUsageReporter? _tokenUsage;
    private readonly BudgetFile? _budgetFile;
    private readonly IDisposable _healthInstruments;
    private readonly IMetricHandler[] _metricHandlers;
    private readonly ILogHandler[] _logHandlers;
    private readonly string _name;
    private int _closed;

    public MonitorAssembly(
        GenerationMonitorOptions options,
        TimeProvider timeProvider,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory)
    {
        TimeProvider = timeProvider;
        Clock = new Clock(timeProvider);
        _shutdownTimeout = options.ShutdownTimeout;
        IsPriced = options.Pricing is not null;
        Names = new Names(options.CardinalityLimit);
        Store = new MetricStore(Names, Clock, options.MaxRetainedPoints, options.Dimensions, options.CardinalityLimit);

        IRecordReducer reducer = Store;
        BudgetLedger? ledger = null;
        if (options.Budgets.Count > 0)
        {
            reducer = ledger = new BudgetLedger(
                options.Budgets,
                options.Pricing,
                options.ReservationTimeout,
                options.CardinalityLimit,
                Names,
                Clock,
                reducer,
                TellOfBudget);
        }

        if (options.Pricing is { } pricing)
            reducer = new RecordPricing(pricing, Names, reducer);

        // Must come before anything of this run is written.
        List<CallHistory> histories = ledger is null ? [] : Resume(ledger, options);
        if (options.WriteFiles)
            Run = RunFile.Create(options.LogDirectory, timeProvider.GetUtcNow());
        _name = Run?.Directory ?? $"(memory {Interlocked.Increment(ref _inMemory)})";

        var instruments = new InstrumentHandler(meterFactory);
        _metricHandlers = [.. MetricHandlers(options)];
        _logHandlers = [.. LogHandlers(options)];
        Handlers = new HandlerSet(
            _metricHandlers,
            _logHandlers,
            troubleLog => new MetricHandlerSink(
                nameof(InstrumentHandler),
                instruments,
                Names,
                options.HandlerTimeLimit,
                troubleLog,
                () => instruments.HasListener),
            Names,
            options.HandlerTimeLimit,
            timeProvider,
            (message, exception) => _logger!.Tell(logger => MonitorLog.HandlerTrouble(logger, message, exception)));
        _logger = new ProgramLogger(loggerFactory?.CreateLogger<GenerationMonitor>(), options.HandlerTimeLimit, Handlers.TroubleLog);
        if (Run is { KeepsOthersOut: false })
            _logger.Tell(logger => MonitorLog.LocksDoNothing(logger, _name));
        Recorder = new Recorder(
            Names,
            Clock,
            reducer,
            Handlers.Sinks,
            (int)BitOperations.RoundUpToPowerOf2((uint)options.BufferCapacity),
            options.BufferFullMode,
            Handlers.TroubleLog.ReportFullBuffers,
            () => _logger.Tell(logger => MonitorLog.RecordedAfterDisposal(logger, _name)));
        Reader = new MetricReader(Recorder, Store, Clock);
        _announcer = new AlertAnnouncer(
            options.AlertHandlers,
            Run is null ? null : new AlertFile(Run.Directory, options.LogFiles.Copy(), timeProvider),
            options.HandlerTimeLimit,
            Handlers.TroubleLog);
        Alerts = new AlertWatch(
            new AlertEngine(BuiltInRules.With(options), options.AlertRepeatInterval, Store),
            _announcer,
            Reader,
            Clock,
            timeProvider,
            e => Handlers.TroubleLog.ReportTimer("alerts", e));
        if (ledger is not null)
            Budgets = new BudgetGuard(ledger, Recorder);
        if (Run is not null && Budgets is not null)
            _budgetFile = new BudgetFile(
                Run.BudgetsPath,
                Budgets,
                timeProvider,
                e => Handlers.TroubleLog.ReportTimer("budgets.json", e));
        if (options.TokenUsageCallback is { } callback)
            _tokenUsage = new TokenUsageReporter(
                callback,
                () => TokenUsage(MetricView.All(Store)),
                options.HandlerTimeLimit,
                Handlers.TroubleLog);
        _healthInstruments = HealthInstruments.Add(instruments.Meter, _name, Statistics);

        if (LeftOutPrices.Text(options.Pricing) is { } leftOut)
            Handlers.Log(LogLevel.Information, leftOut, null);
        foreach (CallHistory history in histories)
            Handlers.Log(LogLevel.Information, history.ToString(), null);
        using (ExecutionContext.SuppressFlow())
        {
            Alerts.Start(options.MetricsInterval);
            Budgets?.Start(timeProvider, e => Handlers.TroubleLog.ReportTimer("budgets", e));
            _budgetFile?.Start();
            _tokenUsage?.Start(timeProvider, options.TokenUsageCallbackInterval);
        }

        LiveMonitors.Add(this);
    }

    public TimeProvider TimeProvider { get; }

    public Clock Clock { get; }

    public Names Names { get; }

    public MetricStore Store { get; }

    /// <summary>Whether records are priced.</summary>
    public bool IsPriced { get; }

    public Recorder Recorder { get; }

    public MetricReader Reader { get; }

    /// <summary>The run file; null if nothing is written to disk.</summary>
    public RunFile? Run { get; }

    public HandlerSet Handlers { get; }

    public AlertWatch Alerts { get; }

    /// <summary>The budgets; null if there are none.</summary>
    public BudgetGuard? Budgets { get; }

    private long Cut =>
        _metricHandlers.OfType<FileMetricHandler>().Sum(file => file.CutRecords)
        + _logHandlers.OfType<FileLogHandler>().Sum(file => file.CutEntries);

    /// <summary>Whether <see cref="Close"/> has begun.</summary>
    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    public TokenUsageReport TokenUsage(MetricView view)
    {
        using (Recorder.EnterApplied())
            return TokenTotals.Report(view, Names);
    }

    public MonitorStatistics Statistics()
    {
        long nonFinite;
        using (Recorder.EnterApplied())
            nonFinite = Store.NonFinite;

        (long recorded, long dropped) = Recorder.Counts;
        HandlerStatistics[] metricHandlers = Handlers.MetricStatistics;
        HandlerStatistics[] logHandlers = Handlers.LogStatistics;
        HandlerStatistics[] all = [.. metricHandlers, .. logHandlers];
        return new MonitorStatistics
        {
            Recorded = recorded,
            Dropped = dropped,
            Written = WrittenByAll(metricHandlers) + WrittenByAll(logHandlers),
            Failed = all.Sum(h => h.Failed + h.Dropped),
            NonFinite = nonFinite,
            Handlers = all,
            AlertHandlers = _announcer.Statistics,
            RecordedAfterDisposal = Recorder.Refused,
            Cut = Cut,
        };

        static long WrittenByAll(HandlerStatistics[] handlers) => handlers.Length == 0 ? 0 : handlers.Min(h => h.Written);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Task[] sinks = await Recorder.FlushAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(sinks).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the pending records of a monitor that was not disposed, while others may still record.</summary>
    public void FlushAtExit(bool isEnd)
    {
        Task flushed = Task.WhenAll(FlushAsync(CancellationToken.None), Alerts.FlushAsync(), _logger.FlushAsync());
        if (isEnd && _tokenUsage is not null)
        {
            _tokenUsage.ReportLast();
            flushed = Task.WhenAll(flushed, _tokenUsage.FlushAsync());
        }

        flushed.Wait(_shutdownTimeout);
        if (!isEnd)
            return;
        _budgetFile?.Write();
        WriteEnd();
    }

    /// <summary>Closes the parts. Further calls do nothing.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;

        LiveMonitors.Remove(this);
        Alerts.Stop();
        _tokenUsage?.Stop();
        Budgets?.Stop();
        _budgetFile?.Stop();

        long deadline = Stopwatch.GetTimestamp() + (long)(_shutdownTimeout.TotalSeconds * Stopwatch.Frequency);
        bool isDrained = Recorder.Close(_shutdownTimeout);
        _tokenUsage?.ReportLast();
        _tokenUsage?.BeginClose();
        Alerts.BeginClose();
        Handlers.BeginClose();

        _tokenUsage?.Close(deadline);
        Alerts.Close(deadline);
        Handlers.CloseMetricHandlers(deadline);
        _budgetFile?.Write();
        LogWhatWasLost(isDrained);
        LogWhatWasCut();
        Handlers.CloseLogHandlers(deadline);
        WriteEnd();
        _logger.Close(HandlerQueue.WithLastWord(deadline));
        _healthInstruments.Dispose();
        Run?.Dispose();
    }

    // If the program has created a handler for the log directory, that one writes it: a second handler would write everything twice.
    private IEnumerable<IMetricHandler> MetricHandlers(GenerationMonitorOptions options) =>
        Run is null || options.MetricHandlers.Any(handler => handler is FileMetricHandler file && file.LogDirectory == Run.Directory)
            ? options.MetricHandlers
            : [.. options.MetricHandlers, new FileMetricHandler(Run.Directory, options.LogFiles, TimeProvider)];

    private IEnumerable<ILogHandler> LogHandlers(GenerationMonitorOptions options) =>
        Run is null || options.LogHandlers.Any(handler => handler is FileLogHandler file && file.LogDirectory == Run.Directory)
            ? options.LogHandlers
            : [.. options.LogHandlers, new FileLogHandler(Run.Directory, options.LogFiles, TimeProvider)];

    private static List<CallHistory> Resume(BudgetLedger ledger, GenerationMonitorOptions options)
    {
        List<CallHistory> histories = [];
        HashSet<string> tags = [.. ServiceTier.Keys, .. options.Budgets.Where(b => b.Tag is not null).Select(b => b.Tag!.Value.Key)];
        foreach (
            IGrouping<string, Budget> resumed in options
                .Budgets.Where(b => b.ResumeFrom is not null)
                .GroupBy(b => Path.GetFullPath(b.ResumeFrom!)))
        {
            CallHistory history;
            do
            {
                history = new CallHistory(resumed.Key, options.CompactedFileReader, tags);
                ledger.Resume([.. resumed], history.Read);
            }
            while (history.IsOutdated);
            histories.Add(history);
        }

        return histories;
    }

    // Called under the recorder's lock, on any thread.
    private void TellOfBudget(BudgetNews news) => Alerts.Enqueue(BudgetAlert.Of(news, TimeProvider.GetUtcNow()));

    private void LogWhatWasLost(bool isDrained)
    {
        (long recorded, long dropped) = Recorder.Counts;
        if (dropped > 0)
        {
            _logger.Tell(logger => MonitorLog.RecordsDropped(logger, _name, dropped));
            Handlers.Log(LogLevel.Warning, $"Buffers were full: {dropped} records were dropped", null);
        }

        // Records that the pump still holds have reached no handler.
        long stuck = isDrained ? 0 : recorded - Recorder.Delivered;
        long lost = stuck + Handlers.MetricStatistics.Sum(s => s.Failed + s.Dropped);
        if (lost > 0)
        {
            _logger.Tell(logger => MonitorLog.ShutdownIncomplete(logger, _name, lost));
            Handlers.Log(LogLevel.Error, $"The monitor was disposed before all records were written: {lost} records are lost", null);
        }
    }

    private void LogWhatWasCut()
    {
        if (Cut is > 0 and var cut)
        {
            Handlers.Log(
                LogLevel.Warning,
                $"Texts were longer than {nameof(LogFileOptions.MaxTextLength)}: {cut} records and log entries were cut",
                null);
        }
    }

    private void WriteEnd()
    {
        try
        {
            Run?.WriteEnd(TimeProvider.GetUtcNow(), Statistics());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The records are safe; only the note that the run ended in order is missing, as if it had been killed.
            _logger.Tell(logger => MonitorLog.HandlerTrouble(logger, $"run.json could not be written: {e.Message}", e));
        }
    }
}
