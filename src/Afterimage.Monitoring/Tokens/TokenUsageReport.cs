namespace Afterimage.Monitoring;

/// <summary>Tokens used, by model and in total.</summary>
/// <param name="ByModel">One entry a model, ordered by name (ordinal).</param>
/// <param name="TotalPromptTokens">Prompt tokens of all models.</param>
/// <param name="TotalCompletionTokens">Completion tokens of all models.</param>
/// <param name="TotalTokens">Total tokens of all models.</param>
public sealed record TokenUsageReport(IReadOnlyList<ModelTokenUsage> ByModel, long TotalPromptTokens, long TotalCompletionTokens, long TotalTokens);
