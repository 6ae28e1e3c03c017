using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>The messages that the monitor itself writes to the program's logger.</summary>
internal static partial class MonitorLog
{
    [LoggerMessage(1, LogLevel.Error, "{Message}")]
    public static partial void HandlerTrouble(ILogger logger, string message, Exception? exception);

    [LoggerMessage(
        2,
        LogLevel.Error,
        "The monitor of {LogDirectory} was disposed before all records were written: {Records} records are lost")]
    public static partial void ShutdownIncomplete(ILogger logger, string logDirectory, long records);

    [LoggerMessage(4, LogLevel.Warning, "The monitor of {LogDirectory} is disposed: records from now on are counted and lost")]
    public static partial void RecordedAfterDisposal(ILogger logger, string logDirectory);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "File locks have no effect in {LogDirectory}: the monitor writes to new files, deletes none, and appears killed while it runs")]
    public static partial void LocksDoNothing(ILogger logger, string logDirectory);

    [LoggerMessage(3, LogLevel.Warning, "Buffers of the monitor of {LogDirectory} were full: {Records} records were dropped")]
    public static partial void RecordsDropped(ILogger logger, string logDirectory, long records);
}
