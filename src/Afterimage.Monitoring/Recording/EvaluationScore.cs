using Afterimage.Monitoring.Budgets;

namespace Afterimage.Monitoring;

/// <summary>One score of an evaluation, with the evaluator's words for it.</summary>
/// <param name="Score">The score, on whatever scale the evaluator uses. NaN and infinities are logged but kept out of aggregates.</param>
/// <param name="Feedback">The evaluator's reasons. Default: none.</param>
public readonly record struct EvaluationScore(double Score, string? Feedback = null);
