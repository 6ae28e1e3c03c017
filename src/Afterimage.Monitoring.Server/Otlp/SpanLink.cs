namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The position of a span in the hierarchy.</summary>
/// <param name="Key">The key of the span.</param>
/// <param name="Parent">The span ID of its parent; 0 for a root.</param>
/// <param name="Agent">The agent that the span belongs to, if any.</param>
/// <param name="Workflow">The workflow that the span belongs to, if any.</param>
internal readonly record struct SpanLink(SpanKey Key, ulong Parent, string? Agent, string? Workflow);
