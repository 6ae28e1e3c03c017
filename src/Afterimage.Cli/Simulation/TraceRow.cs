using Afterimage.Cli.Views;

namespace Afterimage.Cli.Simulation;

/// <summary>One request of a trace.</summary>
/// <param name="Timestamp">Its time stamp, UTC.</param>
/// <param name="PromptTokens">ContextTokens of the trace.</param>
/// <param name="CompletionTokens">GeneratedTokens of the trace.</param>
internal readonly record struct TraceRow(DateTimeOffset Timestamp, long PromptTokens, long CompletionTokens);
