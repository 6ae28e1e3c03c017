namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Where a span hangs.</summary>
/// <param name="Key">The span.</param>
/// <param name="Parent">Its parent's span id, 0 for a root.</param>
/// <param name="Agent">The agent that it is a span of, if it is one.</param>
internal readonly record struct SpanLink(SpanKey Key, ulong Parent, string? Agent);
