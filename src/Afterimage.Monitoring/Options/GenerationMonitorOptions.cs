using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>Settings of a <see cref="GenerationMonitor"/>. They are read and validated once, when the monitor is created.</summary>
public sealed class GenerationMonitorOptions
{
    /// <summary>The name under which models, finish reasons, metrics and scores past <see cref="CardinalityLimit"/> are counted
    /// together.</summary>
    public const string OverflowName = "(other)";

    /// <summary>The directory for the files of the run. Created if it does not exist. Default: <see langword="null"/>, a new directory
    /// <c>./.afterimage-monitoring/yyyy-MM-dd-HH-mm-ss</c>, named by the UTC time.</summary>
    public string? LogDirectory { get; set; }

    /// <summary>Settings for the size, rotation and deletion of the files in the log directory. They apply to the default handlers; a file
    /// handler that you create has settings of its own.</summary>
    public LogFileOptions LogFiles { get; } = new();

    /// <summary>What flushed records survive: <see cref="LogFileOptions.Durability"/> of <see cref="LogFiles"/>. Default:
    /// <see cref="Durability.Buffered"/>.</summary>
    public Durability Durability
    {
        get => LogFiles.Durability;
        set => LogFiles.Durability = value;
    }

    /// <summary>Whether the run is written to a log directory. Default: <see langword="true"/>. If <see langword="false"/>, the monitor
    /// does not access the disk, <see cref="GenerationMonitor.LogDirectory"/> is null, and features that read files (reports, SQL) are not
    /// available.</summary>
    public bool WriteFiles { get; set; } = true;

    /// <summary>Handlers that receive the records in addition to the log directory's file handler. A <see cref="FileMetricHandler"/> of
    /// your own on the log directory replaces that handler. Default: empty.</summary>
    public IList<IMetricHandler> MetricHandlers { get; } = [];

    /// <summary>Handlers that receive the log entries in addition to the log directory's file handler. A <see cref="FileLogHandler"/> of
    /// your own on the log directory replaces that handler. Default: empty.</summary>
    public IList<ILogHandler> LogHandlers { get; } = [];

    /// <summary>Handlers that are notified of alerts: when an alert starts, again after each <see cref="AlertRepeatInterval"/>, and when it
    /// ends. Default: empty.</summary>
    public IList<IAlertHandler> AlertHandlers { get; } = [];

    /// <summary>How often alert rules are evaluated. Default: 60 s. Zero: only by <see cref="GenerationMonitor.CheckAlerts"/>. Must be at
    /// most 49 days.</summary>
    public TimeSpan MetricsInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long disposal may take to write pending records. Slow log handlers have up to a second more, to log what was lost.
    /// Default: 5 s. Must be at most 24 days.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The threshold of <c>low_success_rate</c>, which fires while the five-minute mean of <c>success_rate</c> is below it.
    /// Default: 0.8.</summary>
    public double AlertMinSuccessRate { get; set; } = 0.8;

    /// <summary>The threshold of <c>high_generation_time</c>, which fires while the five-minute mean of <c>generation_time</c> is above it.
    /// Default: 30 s.</summary>
    public TimeSpan AlertMaxGenerationTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The threshold of <c>high_error_rate</c>, which fires while the five-minute mean of <c>error_rate</c> is above it. Default:
    /// 0.2.</summary>
    public double AlertMaxErrorRate { get; set; } = 0.2;

    /// <summary>The threshold of <c>high_token_usage:prompt</c>, which fires while the five-minute mean of <c>prompt_token_count</c> is
    /// above it. Default: 4096 tokens.</summary>
    public double AlertMaxPromptTokenMean { get; set; } = 4096;

    /// <summary>The threshold of <c>high_token_usage:completion</c>, which fires while the five-minute mean of
    /// <c>completion_token_count</c> is above it. Default: 4096 tokens.</summary>
    public double AlertMaxCompletionTokenMean { get; set; } = 4096;

    /// <summary>The threshold of <c>high_token_usage:total</c>, which fires while the five-minute mean of <c>total_token_count</c> is above
    /// it. Default: 8192 tokens.</summary>
    public double AlertMaxTotalTokenMean { get; set; } = 8192;

    /// <summary>The threshold of <c>long_conversations</c>, which fires while the five-minute mean of <c>conversation_length</c> is above
    /// it. Default: 2 turns.</summary>
    public double AlertMaxConversationLengthMean { get; set; } = 2;

    /// <summary>Rules in addition to the built-in ones. A rule with the name of a built-in rule replaces it. Default: empty.</summary>
    public IList<AlertRule> AlertRules { get; } = [];

    /// <summary>
    /// The confidence level at which the built-in rules <c>low_success_rate</c> and <c>high_error_rate</c> are judged; see
    /// <see cref="AlertRule.Confidence"/>. Default: <see langword="null"/>, they are judged by the plain mean of at least one point. Must
    /// be more than 0.5 and less than 1. 0.999 is a good start: three failures in four calls then do not make the rules fire.
    /// </summary>
    public double? AlertConfidence { get; set; }

    /// <summary>How long an alert keeps firing before its handlers are notified again. Default: 1 hour. Must be more than zero.</summary>
    public TimeSpan AlertRepeatInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>A callback that receives the token totals at each interval, and once more at disposal if they have changed since. Default:
    /// none.</summary>
    public Action<TokenUsageReport>? TokenUsageCallback { get; set; }

    /// <summary>How often <see cref="TokenUsageCallback"/> is called. Default: 60 s. Must be more than zero and at most 49 days.</summary>
    public TimeSpan TokenUsageCallbackInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The prices of models. If set, each generation and evaluation with tokens is priced when it is taken into memory, with cached and
    /// reasoning tokens at their own prices. It yields a point of the metric <c>cost_usd</c> if its model has a price, or of
    /// <c>unpriced_token_count</c> if not. Default: <see langword="null"/>, nothing is priced.
    /// </summary>
    public ModelPricing? Pricing { get; set; }

    /// <summary>Limits on what the run may use; see <see cref="GenerationMonitor.TryReserve"/> and
    /// <see cref="GenerationMonitor.BudgetToken"/>. Default: empty.</summary>
    public IList<Budget> Budgets { get; } = [];

    /// <summary>The reader of compacted files, which <c>UseCompactedFiles()</c> of the package Afterimage.Monitoring.Reporting sets.
    /// </summary>
    internal CompactedFileReader? CompactedFileReader { get; set; }

    /// <summary>How long a <see cref="BudgetReservation"/> may stay open before it expires, for example because its call was never
    /// finished. Default: 1 hour. Must be more than zero.</summary>
    public TimeSpan ReservationTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What a recording call does when its thread's buffer is full. Default: <see cref="BufferFullMode.Wait"/>, nothing is
    /// lost.</summary>
    public BufferFullMode BufferFullMode { get; set; } = BufferFullMode.Wait;

    /// <summary>The number of records that the buffer of each recording thread holds, rounded up to a power of two. Default: 4096 (0.4 MB
    /// per thread). Must be from 16 to 1,048,576.</summary>
    public int BufferCapacity { get; set; } = 4096;

    /// <summary>
    /// How long a handler may make no progress before it counts as stalled. While it is stalled, a full queue no longer blocks recording,
    /// but drops and counts records, and <see cref="GenerationMonitor.FlushAsync"/> and <see cref="GenerationMonitor.CheckAlerts"/> no
    /// longer wait for the handler. Default: 5 s. Must be more than zero and at most 24 days.
    /// </summary>
    public TimeSpan HandlerTimeLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The maximum number of raw metric points in memory, over all metrics (about 22 bytes each). The oldest are removed first. Their
    /// summaries stay, so that totals remain exact; windows that reach back past the raw points are rounded outwards to the border of a
    /// summary. Default: 2,097,152. Must be at least 16,384.
    /// </summary>
    public int MaxRetainedPoints { get; set; } = 2_097_152;

    /// <summary>
    /// The maximum number of distinct names in memory, separately for models, finish reasons, metrics, scores, and labels (providers,
    /// operations, evaluators). Names past it are counted together under <see cref="OverflowName"/>. Totals stay exact, and the log keeps
    /// the true names. Default: 1,000. Must be from 1 to 100,000.
    /// </summary>
    public int CardinalityLimit { get; set; } = 1_000;

    /// <summary>
    /// Tag keys by which live figures can be grouped, such as <c>tenant</c>; see <see cref="GenerationMonitor.GetMetricsBy"/> and
    /// <see cref="MetricQuery.Tag"/>. <c>model_name</c> is always a dimension. Default: empty.
    /// </summary>
    /// <remarks>Values of a tag past <see cref="CardinalityLimit"/> are counted together under <see cref="OverflowName"/>, as is everything
    /// past 16,384 pairs of a metric and a value over all dimensions. All dimensions together keep up to <see cref="MaxRetainedPoints"/>
    /// raw points, in addition to those of the metrics themselves.</remarks>
    public IList<string> Dimensions { get; } = [];
}
