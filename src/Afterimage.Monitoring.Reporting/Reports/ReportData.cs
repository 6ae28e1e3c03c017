using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>What a report shows.</summary>
/// <param name="Summary">The summary of all records.</param>
/// <param name="Made">When the report was made.</param>
/// <param name="Runs">The runs, by their beginnings.</param>
/// <param name="Alerts">The alerts.</param>
/// <param name="Figures">The figures.</param>
/// <param name="Models">The models, those with the most tokens first.</param>
/// <param name="Groups">The calls by a key, if it was asked for.</param>
/// <param name="Slowest">The slowest generations.</param>
/// <param name="Failed">The latest generations that failed or have an error.</param>
/// <param name="FailedCount">How many of these there are.</param>
/// <param name="Errors">Errors by text, the most frequent first.</param>
/// <param name="ErrorKinds">How many texts there are.</param>
/// <param name="Evaluators">Evaluations by evaluator.</param>
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

/// <summary>Calls by a key, those with the most tokens first.</summary>
internal sealed record KeyGroups(SummaryKey Key, IReadOnlyList<KeySummary> Rows);

/// <summary>What the calls of a model come to; figures that nobody recorded are <see langword="null"/>.</summary>
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
    long UnpricedTokenCount);

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

/// <summary>An error that generations or evaluations ended with.</summary>
internal sealed record ErrorRow(string Error, long Count, long Models, DateTimeOffset First, DateTimeOffset Last);

/// <summary>What an evaluator's work comes to.</summary>
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
