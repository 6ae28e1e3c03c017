namespace Afterimage.Cli.Simulation;

/// <summary>One request of a trace.</summary>
/// <param name="Timestamp">The time stamp of the request, in UTC.</param>
/// <param name="PromptTokens">The ContextTokens of the trace.</param>
/// <param name="CompletionTokens">The GeneratedTokens of the trace.</param>
internal readonly record struct TraceRow(DateTimeOffset Timestamp, long PromptTokens, long CompletionTokens);
