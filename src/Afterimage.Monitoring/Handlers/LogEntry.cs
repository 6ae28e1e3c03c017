using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>One entry of the monitor's log.</summary>
/// <param name="Timestamp">When it was logged, UTC.</param>
/// <param name="Level">How grave it is.</param>
/// <param name="Message">The message.</param>
/// <param name="Exception">The exception that was logged with it. Default: none.</param>
/// <param name="Data">Further facts. Default: none. Values that are no JSON scalars come as their invariant text.</param>
public sealed record LogEntry(
    DateTimeOffset Timestamp,
    LogLevel Level,
    string Message,
    Exception? Exception = null,
    IReadOnlyDictionary<string, object?>? Data = null);
