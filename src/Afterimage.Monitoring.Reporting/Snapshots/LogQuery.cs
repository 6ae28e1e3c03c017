using System.Data.Common;
using Afterimage.Monitoring.Reporting.Snapshots;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring;

/// <summary>The result of an SQL query over a log directory. Dispose it to release the records that were read.</summary>
public sealed class LogQuery : IDisposable
{
    private readonly LogSnapshot _snapshot;
    private readonly DuckDBCommand _command;
    private readonly CancellationTokenRegistration _cancel;

    private LogQuery(LogSnapshot snapshot, DuckDBCommand command, CancellationTokenRegistration cancel, IReadOnlyList<string> types)
    {
        _snapshot = snapshot;
        _command = command;
        _cancel = cancel;
        ColumnTypes = types;
        SkippedLines = snapshot.SkippedLines;
        Reader = new AnswerReader(command.ExecuteReader(), snapshot.Blame);
    }

    /// <summary>The rows, as they are produced. Times are in UTC; JSON columns are returned as text.</summary>
    public DbDataReader Reader { get; }

    /// <summary>The DuckDB types of the columns, such as <c>MAP(VARCHAR, INTEGER)</c>; empty for EXPLAIN and PIVOT.</summary>
    public IReadOnlyList<string> ColumnTypes { get; }

    /// <summary>The number of lines that held no valid record. They are in none of the views.</summary>
    public long SkippedLines { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cancel.Dispose();
        Reader.Dispose();
        _command.Dispose();
        _snapshot.Dispose();
    }

    /// <summary>Returns whether a column of this type holds JSON when its values are returned as text.</summary>
    internal static bool IsNested(string type) => AnswerColumns.IsNested(type);

    internal static LogQuery Run(
        LogSnapshot snapshot,
        string sql,
        bool isSelect,
        LogQueryOptions options,
        CancellationToken cancellationToken)
    {
        snapshot.Lock();
        AnswerColumns columns = AnswerColumns.Of(snapshot, sql, options.ValuesAsText, isSelect);
        DuckDBCommand command = snapshot.Connection.CreateCommand();
        command.CommandText = columns.Sql;
        command.UseStreamingMode = true;
        CancellationTokenRegistration cancel = cancellationToken.Register(command.Cancel);
        try
        {
            return new LogQuery(snapshot, command, cancel, columns.Types);
        }
        catch
        {
            cancel.Dispose();
            command.Dispose();
            throw;
        }
    }
}
