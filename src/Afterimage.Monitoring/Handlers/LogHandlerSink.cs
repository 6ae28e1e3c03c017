using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Handlers;

/// <summary>Passes log entries, from the pump and from the monitor itself, to one log handler.</summary>
internal sealed class LogHandlerSink : IRecordSink
{
    public LogHandlerSink(string name, ILogHandler handler, TimeSpan timeLimit, TroubleLog troubleLog)
    {
        Handler = handler;
        Queue = new HandlerQueue<LogEntry>(
            new HandlerContract<LogEntry>(name, Handle)
            {
                Flush = handler.Flush,
                IsLossless = handler.IsLossless,
                WaitsForRoom = handler.IsLossless,
                Capacity = 65_536,
            },
            timeLimit,
            troubleLog);
    }

    public ILogHandler Handler { get; }

    public HandlerQueue<LogEntry> Queue { get; }

    public void Accept(RecordBatch batch)
    {
        if (batch.LogCount == 0)
            return;

        foreach (ref readonly Record record in batch.Records)
        {
            if (record.Kind == RecordKind.Log)
                Queue.Enqueue(EntryOf(record), weight: 1);
        }
    }

    /// <summary>Accepts an entry of the monitor itself. Its weight is zero, because the statistics count only what the program
    /// recorded.</summary>
    public void AcceptOwn(LogEntry entry) => Queue.Enqueue(entry, weight: 0);

    public Task FlushAsync(Thread requester) => Queue.FlushAsync(requester);

    private static LogEntry EntryOf(in Record record)
    {
        RecordDetails details = record.Details!;
        return new LogEntry
        {
            Timestamp = new DateTimeOffset(record.Timestamp, TimeSpan.Zero),
            Level = details.LogLevel,
            Message = details.LogMessage!,
            Exception = details.LogException,
            ExceptionTexts = details.LogExceptionTexts,
            Data = details.Tags is null ? null : new Dictionary<string, object?>(details.Tags, StringComparer.Ordinal),
        };
    }

    private HandlerOutcome Handle(LogEntry entry)
    {
        Handler.HandleLog(entry);
        return default;
    }
}
