using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>Settings of a <see cref="GenerationMonitor"/>, read and validated once, when the monitor is made.</summary>
public sealed class GenerationMonitorOptions
{
    /// <summary>The name under which models, finish reasons, metrics and scores past <see cref="CardinalityLimit"/> are counted
    /// together.</summary>
    public const string OverflowName = "(other)";

    /// <summary>Where the run is kept; made if it does not exist.
    /// Default: <see langword="null"/>, a new directory <c>./.afterimage-monitoring/yyyy-MM-dd-HH-mm-ss</c>, named by the UTC
    /// time.</summary>
    public string? LogDirectory { get; set; }

    /// <summary>How the files of the log directory grow, are rotated and are deleted. It holds for the default handlers; a file handler
    /// that you make takes settings of its own.</summary>
    public LogFileOptions LogFiles { get; } = new();

    /// <summary>What a flush makes records survive: <see cref="LogFileOptions.Durability"/> of <see cref="LogFiles"/>. Default:
    /// <see cref="Durability.Buffered"/>.</summary>
    public Durability Durability
    {
        get => LogFiles.Durability;
        set => LogFiles.Durability = value;
    }

    /// <summary>Whether the run is kept in a log directory. Default: <see langword="true"/>. <see langword="false"/>: the monitor touches
    /// no disk, <see cref="GenerationMonitor.LogDirectory"/> is null, and what reads files (reports, SQL) is not to be had.</summary>
    public bool WriteFiles { get; set; } = true;

    /// <summary>Who takes the records beside the log directory's file handler. A <see cref="FileMetricHandler"/> of your own on the log
    /// directory takes that one's place. Default: empty.</summary>
    public IList<IMetricHandler> MetricHandlers { get; } = [];

    /// <summary>Who takes the log entries beside the log directory's file handler. A <see cref="FileLogHandler"/> of your own on the log
    /// directory takes that one's place. Default: empty.</summary>
    public IList<ILogHandler> LogHandlers { get; } = [];

    /// <summary>Who hears of alerts: once when one starts, again after each <see cref="AlertRepeatInterval"/>, once when it is over.
    /// Default: empty.</summary>
    public IList<IAlertHandler> AlertHandlers { get; } = [];

    /// <summary>How often alert rules are evaluated. Default: 60 s. Zero: only by <see cref="GenerationMonitor.CheckAlerts"/>. At most 49
    /// days.</summary>
    public TimeSpan MetricsInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long disposal may take to write what is pending; log handlers that are slow have up to a second more, to say what was
    /// lost. Default: 5 s. At most 24 days.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary><c>low_success_rate</c> fires while the five-minute mean of <c>success_rate</c> is below this. Default: 0.8.</summary>
    public double AlertMinSuccessRate { get; set; } = 0.8;

    /// <summary><c>high_generation_time</c> fires while the five-minute mean of <c>generation_time</c> is above this. Default: 30
    /// s.</summary>
    public TimeSpan AlertMaxGenerationTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary><c>high_error_rate</c> fires while the five-minute mean of <c>error_rate</c> is above this. Default: 0.2.</summary>
    public double AlertMaxErrorRate { get; set; } = 0.2;

    /// <summary><c>high_token_usage:prompt</c> fires while the five-minute mean of <c>prompt_token_count</c> is above this. Default: 4096
    /// tokens.</summary>
    public double AlertMaxPromptTokenMean { get; set; } = 4096;

    /// <summary><c>high_token_usage:completion</c> fires while the five-minute mean of <c>completion_token_count</c> is above this.
    /// Default: 4096 tokens.</summary>
    public double AlertMaxCompletionTokenMean { get; set; } = 4096;

    /// <summary><c>high_token_usage:total</c> fires while the five-minute mean of <c>total_token_count</c> is above this. Default: 8192
    /// tokens.</summary>
    public double AlertMaxTotalTokenMean { get; set; } = 8192;

    /// <summary><c>long_conversations</c> fires while the five-minute mean of <c>conversation_length</c> is above this. Default: 2
    /// turns.</summary>
    public double AlertMaxConversationLengthMean { get; set; } = 2;

    /// <summary>Rules beside the built-in ones, or in their place where they have the same name. Default: empty.</summary>
    public IList<AlertRule> AlertRules { get; } = [];

    /// <summary>
    /// Judges the built-in rules <c>low_success_rate</c> and <c>high_error_rate</c> by a confidence bound at this level; see
    /// <see cref="AlertRule.Confidence"/>. Default: <see langword="null"/>, by the plain mean of at least one point. More than 0.5, less
    /// than 1; 0.999 is a good start: with it three failures in four calls are no finding yet.
    /// </summary>
    public double? AlertConfidence { get; set; }

    /// <summary>How long an alert goes on firing before its handlers hear of it again. Default: 1 hour. More than zero.</summary>
    public TimeSpan AlertRepeatInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Called with the token totals on its interval, and once more at disposal if they changed since. Default: none.</summary>
    public Action<TokenUsageReport>? TokenUsageCallback { get; set; }

    /// <summary>How often <see cref="TokenUsageCallback"/> is called. Default: 60 s. More than zero, at most 49 days.</summary>
    public TimeSpan TokenUsageCallbackInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What models charge. With it each generation and evaluation with tokens is priced as it is taken into memory, cached and reasoning
    /// tokens at their own prices: a point of the metric <c>cost_usd</c> where its model has a price, of <c>unpriced_token_count</c> where
    /// it has none. Default: <see langword="null"/>, nothing is priced.
    /// </summary>
    public ModelPricing? Pricing { get; set; }

    /// <summary>What the run may use up; see <see cref="GenerationMonitor.TryReserve"/> and <see cref="GenerationMonitor.BudgetToken"/>.
    /// Default: empty.</summary>
    public IList<Budget> Budgets { get; } = [];

    /// <summary>
    /// Reads compacted files where a budget resumes from a directory that has some (<see cref="Budget.ResumeFrom"/>). The package
    /// Afterimage.Monitoring.Reporting has one, which its <c>UseCompactedFiles()</c> sets. Default: <see langword="null"/>, such files make
    /// the constructor throw an <see cref="IOException"/>.
    /// </summary>
    public CompactedFileReader? CompactedFileReader { get; set; }

    /// <summary>How long a <see cref="BudgetReservation"/> may stay open before it is given up, as of a call that was never finished.
    /// Default: 1 hour. More than zero.</summary>
    public TimeSpan ReservationTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What a recording call does when its thread's buffer is full. Default: <see cref="BufferFullMode.Wait"/>,
    /// lossless.</summary>
    public BufferFullMode BufferFullMode { get; set; } = BufferFullMode.Wait;

    /// <summary>Records that each recording thread's buffer holds, rounded up to a power of two. Default: 4096 (0.4 MB a thread). 16 to
    /// 1,048,576.</summary>
    public int BufferCapacity { get; set; } = 4096;

    /// <summary>
    /// How long a handler may stay without progress before it counts as stalled: a full queue then no longer holds up recording but drops,
    /// counted, and <see cref="GenerationMonitor.FlushAsync"/> and <see cref="GenerationMonitor.CheckAlerts"/> no longer wait for it.
    /// Default: 5 s. More than zero, at most 24 days.
    /// </summary>
    public TimeSpan HandlerTimeLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Raw metric points kept in memory, over all metrics (about 22 bytes each). The oldest go first; their summaries stay, so that totals
    /// remain exact and windows that reach back past them are rounded outwards to a summary's border. Default: 2,097,152. At least 16,384.
    /// </summary>
    public int MaxRetainedPoints { get; set; } = 2_097_152;

    /// <summary>
    /// Distinct names kept apart in memory, for models, finish reasons, metrics, scores, and labels (providers, operations, evaluators)
    /// each. Names past it are counted together under <see cref="OverflowName"/>: totals stay exact, and the log keeps the true names.
    /// Default: 1,000. 1 to 100,000.
    /// </summary>
    public int CardinalityLimit { get; set; } = 1_000;

    /// <summary>
    /// Tag keys that live figures can be sliced by, such as <c>tenant</c>: see <see cref="GenerationMonitor.GetMetricsBy"/> and
    /// <see cref="MetricQuery.Tag"/>. <c>model_name</c> always is a dimension. Default: empty.
    /// </summary>
    /// <remarks>Values of a tag past <see cref="CardinalityLimit"/> count together under <see cref="OverflowName"/>, as does what is past
    /// 16,384 pairs of a metric and a value over all dimensions. The slices of all dimensions together keep as many raw points as
    /// <see cref="MaxRetainedPoints"/> says, beside those of the metrics themselves.</remarks>
    public IList<string> Dimensions { get; } = [];
}
