namespace Afterimage.Monitoring;

/// <summary>Tokens used by one model.</summary>
/// <param name="ModelName">The model, <c>unknown</c> for calls without one, <see cref="GenerationMonitorOptions.OverflowName"/> for models
/// past the cardinality limit.</param>
/// <param name="PromptTokens">Prompt tokens.</param>
/// <param name="CompletionTokens">Completion tokens.</param>
/// <param name="TotalTokens">Total tokens: each call's given total, or the sum of its prompt and completion tokens.</param>
public sealed record ModelTokenUsage(string ModelName, long PromptTokens, long CompletionTokens, long TotalTokens);
