using System.Text.Json;
using Afterimage.Monitoring.Log.Writing;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>Writes log entries to <c>afterimage.log</c>, one JSON object a line (docs/log-format.md). The monitor's default.</summary>
/// <remarks>What is said of the file of <see cref="FileMetricHandler"/> holds for this one too.</remarks>
public sealed class FileLogHandler : ILogHandler, IDisposable
{
    private readonly JsonLineFile _file;
    private readonly TextLimit _limit;

    /// <summary>Makes a handler.</summary>
    /// <param name="logDirectory">The directory that <c>afterimage.log</c> is in.</param>
    /// <exception cref="ArgumentException"><paramref name="logDirectory"/> is null or empty.</exception>
    public FileLogHandler(string logDirectory)
        : this(logDirectory, new LogFileOptions())
    {
    }

    /// <summary>Makes a handler with settings of its own.</summary>
    /// <param name="logDirectory">The directory that <c>afterimage.log</c> is in.</param>
    /// <param name="options">How its files grow and go. Read now: later changes have no effect.</param>
    /// <exception cref="ArgumentException"><paramref name="logDirectory"/> is null or empty, or a setting is out of its range.</exception>
    public FileLogHandler(string logDirectory, LogFileOptions options)
        : this(logDirectory, options, TimeProvider.System)
    {
    }

    internal FileLogHandler(string logDirectory, LogFileOptions options, TimeProvider timeProvider)
    {
        ArgumentException.ThrowIfNullOrEmpty(logDirectory);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        LogDirectory = Path.GetFullPath(logDirectory);
        _limit = new TextLimit(options.MaxTextLength);
        _file = new JsonLineFile(logDirectory, "afterimage.log", options.Copy(), timeProvider);
    }

    /// <summary>The directory that it writes, as a full path.</summary>
    internal string LogDirectory { get; }

    /// <summary>Entries whose texts were cut to <see cref="LogFileOptions.MaxTextLength"/>.</summary>
    internal long CutEntries => _limit.CutLines;

    /// <summary>Always <see langword="true"/>: the log directory is where nothing may be missing.</summary>
    public bool IsLossless => true;

    /// <inheritdoc/>
    /// <exception cref="IOException">It could not be written.</exception>
    public void HandleLog(LogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ExceptionTexts? texts = entry.ExceptionTexts ?? (entry.Exception is null ? null : ExceptionTexts.Of(entry.Exception));
        string? error = texts?.Message;
        string? stackTrace = texts?.StackTrace;
        KeyValuePair<string, object?>[] data =
        [
            .. (entry.Data ?? new Dictionary<string, object?>()).Select(d => KeyValuePair.Create(d.Key, Scalar.Of(d.Value))),
        ];
        _limit.Begin();
        _limit.Count(entry.Message);
        _limit.Count(error);
        _limit.Count(stackTrace);
        _limit.Count(data);
        _limit.Decide();

        _file.Discard();
        Utf8JsonWriter writer = _file.BeginLine();
        JsonLines.WriteTimestamp(writer, entry.Timestamp);
        writer.WriteString(RecordKeys.Level, LevelName(entry.Level));
        writer.WriteString(RecordKeys.Message, _limit.Of(entry.Message));
        if (entry.Exception is { } exception)
        {
            writer.WriteString(RecordKeys.Error, _limit.Of(error!));
            writer.WriteString(RecordKeys.ErrorType, exception.GetType().FullName);
            if (stackTrace is not null)
                writer.WriteString(RecordKeys.StackTrace, _limit.Of(stackTrace));
        }

        if (data.Length > 0)
            JsonLines.WriteObject(writer, RecordKeys.Data, data, _limit);
        _file.EndLine();
        _file.Commit();
    }

    /// <inheritdoc/>
    public void Flush() => _file.Flush();

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        LogLevel.Critical => "critical",
        _ => "info",
    };
}
