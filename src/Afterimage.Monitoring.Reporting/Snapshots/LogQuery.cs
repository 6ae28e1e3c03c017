using System.Data.Common;
using Afterimage.Monitoring.Reporting.Snapshots;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring;

/// <summary>The answer to an SQL query over a log directory. Dispose it: it holds the records that were read.</summary>
public sealed class LogQuery : IDisposable
{
    private readonly LogSnapshot _snapshot;
    private readonly DuckDBCommand _command;
    private readonly CancellationTokenRegistration _cancel;

    private LogQuery(LogSnapshot snapshot, DuckDBCommand command, CancellationTokenRegistration cancel)
    {
        _snapshot = snapshot;
        _command = command;
        _cancel = cancel;
        SkippedLines = snapshot.SkippedLines;
        Reader = command.ExecuteReader();
    }

    /// <summary>The rows, as they come. Times are UTC; columns of JSON are its text.</summary>
    public DbDataReader Reader { get; }

    /// <summary>Lines that held no valid record, which no view has.</summary>
    public long SkippedLines { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cancel.Dispose();
        Reader.Dispose();
        _command.Dispose();
        _snapshot.Dispose();
    }

    internal static LogQuery Run(LogSnapshot snapshot, string sql, CancellationToken cancellationToken)
    {
        snapshot.Lock();
        DuckDBCommand command = snapshot.Connection.CreateCommand();
        command.CommandText = sql;
        command.UseStreamingMode = true;
        CancellationTokenRegistration cancel = cancellationToken.Register(command.Cancel);
        try
        {
            return new LogQuery(snapshot, command, cancel);
        }
        catch
        {
            cancel.Dispose();
            command.Dispose();
            throw;
        }
    }
}
