using Afterimage.Monitoring.Recording;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>One entry of the monitor's log.</summary>
public sealed record LogEntry
{
    /// <summary>The time at which the entry was logged, in UTC.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The severity of the entry.</summary>
    public required LogLevel Level { get; init; }

    /// <summary>The message.</summary>
    public required string Message { get; init; }

    /// <summary>The exception that was logged with the message. Default: none.</summary>
    public Exception? Exception { get; init; }

    /// <summary>What the exception said of itself when it was logged; null where nobody has asked it yet.</summary>
    internal ExceptionTexts? ExceptionTexts { get; init; }

    /// <summary>Further facts. Default: none. A list or a dictionary comes as a
    /// <see cref="System.Text.Json.JsonElement"/>, anything else that is no JSON scalar as its invariant text.</summary>
    public IReadOnlyDictionary<string, object?>? Data { get; init; }
}
