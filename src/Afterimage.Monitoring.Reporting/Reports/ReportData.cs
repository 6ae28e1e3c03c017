using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>The content of a report.</summary>
/// <param name="Summary">The summary of all records.</param>
/// <param name="Made">The time at which the report was made.</param>
/// <param name="Runs">The runs, ordered by their start.</param>
/// <param name="Alerts">The alerts.</param>
/// <param name="Figures">The figures.</param>
/// <param name="Models">The models, in descending order of tokens.</param>
/// <param name="Groups">The calls grouped by a key, if requested.</param>
/// <param name="Slowest">The slowest generations.</param>
/// <param name="Failed">The latest generations that failed or have an error.</param>
/// <param name="FailedCount">The number of generations that failed or have an error.</param>
/// <param name="Errors">The errors grouped by text, most frequent first.</param>
/// <param name="ErrorKinds">The number of different error texts.</param>
/// <param name="Evaluators">The evaluations grouped by evaluator.</param>
/// <param name="Judged">The lowest scores of generations that evaluations name.</param>
internal sealed record ReportData(
    RunSummary Summary,
    DateTimeOffset Made,
    IReadOnlyList<LogRun> Runs,
    AlertHistory Alerts,
    IReadOnlyList<DrawnFigure> Figures,
    IReadOnlyList<ModelRow> Models,
    KeyGroups? Groups,
    IReadOnlyList<CallRow> Slowest,
    IReadOnlyList<CallRow> Failed,
    long FailedCount,
    IReadOnlyList<ErrorRow> Errors,
    long ErrorKinds,
    IReadOnlyList<EvaluatorRow> Evaluators,
    IReadOnlyList<JudgedRow> Judged);

/// <summary>The calls grouped by a key, in descending order of tokens.</summary>
internal sealed record KeyGroups(SummaryKey Key, IReadOnlyList<KeySummary> Rows);

/// <summary>Summary of the calls of a model. Figures that were not recorded are <see langword="null"/>.</summary>
internal sealed record ModelRow(
    string Model,
    long Generations,
    double? Success,
    double? MedianSeconds,
    double? P95Seconds,
    long PromptTokens,
    long CompletionTokens,
    long TotalTokens,
    decimal? CostUsd,
    long UnpricedTokenCount,
    long UsageMissingCount);

/// <summary>A generation.</summary>
internal sealed record CallRow(
    DateTimeOffset Time,
    string? Model,
    double Seconds,
    double? FirstTokenSeconds,
    long? PromptTokens,
    long? CompletionTokens,
    bool Success,
    string? FinishReason,
    string? Error);

/// <summary>An error with which generations or evaluations ended.</summary>
internal sealed record ErrorRow(string Error, long Count, long Models, DateTimeOffset First, DateTimeOffset Last);

/// <summary>Summary of the evaluations by one evaluator.</summary>
internal sealed record EvaluatorRow(string Evaluator, long Evaluations, double Success, long Errors, double? MeanSeconds);

/// <summary>A score that an evaluation gave to a generation.</summary>
internal sealed record JudgedRow(
    DateTimeOffset Time,
    string? Evaluator,
    string Score,
    double Value,
    string? Feedback,
    string GenerationId,
    string? Model);
