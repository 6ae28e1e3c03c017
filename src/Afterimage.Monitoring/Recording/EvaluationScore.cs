namespace Afterimage.Monitoring;

/// <summary>One score of an evaluation, with the evaluator's explanation.</summary>
/// <param name="Score">The score, on the evaluator's scale. NaN and infinities are logged, but kept out of aggregates.</param>
/// <param name="Feedback">The evaluator's reasons. Default: none.</param>
public readonly record struct EvaluationScore(double Score, string? Feedback = null);
