using Afterimage.Monitoring.Log.Reading;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>The log entries and the alerts of a snapshot: the tables <c>log</c> and <c>alert</c>, and the views over them.</summary>
internal static class NoteTables
{
    // A line that is not a valid alert is a row without a name: the history of alerts counts these rows.
    public const string Definitions = """
        CREATE TEMP TABLE log (
            ticks BIGINT, level VARCHAR, message VARCHAR, error VARCHAR, error_type VARCHAR, stack_trace VARCHAR, data JSON);
        CREATE TEMP TABLE alert (file VARCHAR, ticks BIGINT, name VARCHAR, level VARCHAR, message VARCHAR, data JSON);
        CREATE TEMP VIEW logs AS SELECT
            make_timestamptz(ticks // 10) AS timestamp, level, message, error, error_type, stack_trace, data
        FROM log;
        CREATE TEMP VIEW alerts AS SELECT
            make_timestamptz(ticks // 10) AS timestamp, name, level, message,
            coalesce(json_extract(data, '$.resolved')::VARCHAR = 'true', false) AS resolved, data
        FROM alert WHERE name IS NOT NULL;
        """;

    /// <summary>Adds the log entries of files.</summary>
    /// <returns>The number of lines that are not valid log entries.</returns>
    /// <exception cref="IOException">A file could not be read.</exception>
    public static long AddLogs(
        DuckDBConnection connection,
        IEnumerable<string> files,
        int maxLineLength,
        CancellationToken cancellationToken)
    {
        long skipped = 0;
        using DuckDBAppender appender = connection.CreateAppender("log");
        foreach ((_, ReadOnlyMemory<byte> line) in Lines(files, maxLineLength, cancellationToken))
        {
            if (NoteLine.LogEntry(line) is not { } entry)
            {
                skipped++;
                continue;
            }

            appender
                .CreateRow()
                .AppendValue(Ticks(entry))
                .AppendValue(entry.Level)
                .AppendValue(entry.Message)
                .AppendValue(entry.Error)
                .AppendValue(entry.ErrorType)
                .AppendValue(entry.StackTrace)
                .AppendValue(entry.Data)
                .EndRow();
        }

        return skipped;
    }

    /// <summary>Adds the alerts of files, and a row for each line that is not a valid alert.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public static void AddAlerts(
        DuckDBConnection connection,
        IEnumerable<string> files,
        int maxLineLength,
        CancellationToken cancellationToken)
    {
        using DuckDBAppender appender = connection.CreateAppender("alert");
        foreach ((string file, ReadOnlyMemory<byte> line) in Lines(files, maxLineLength, cancellationToken))
        {
            NoteLine? alert = NoteLine.Alert(line);
            appender
                .CreateRow()
                .AppendValue(file)
                .AppendValue(alert is null ? null : Ticks(alert))
                .AppendValue(alert?.Name)
                .AppendValue(alert?.Level)
                .AppendValue(alert?.Message)
                .AppendValue(alert?.Data)
                .EndRow();
        }
    }

    // A line that is too long is returned as empty, which is not valid.
    private static IEnumerable<(string File, ReadOnlyMemory<byte> Line)> Lines(
        IEnumerable<string> files,
        int maxLineLength,
        CancellationToken cancellationToken)
    {
        // A pipe or a device has no length, and is not opened.
        foreach (string file in files.Where(file => new FileInfo(file).Length > 0))
        {
            using var lines = new LineSplitter(file, maxLineLength: maxLineLength);
            while (lines.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return (file, lines.Line);
            }
        }
    }

    private static long? Ticks(NoteLine note) => note.Timestamp - DateTime.UnixEpoch.Ticks;
}
