using System.Data.Common;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>The records as of one moment, in an in-memory DuckDB with the views <c>generations</c>, <c>evaluations</c>,
/// <c>judged_generations</c>, <c>points</c>, <c>logs</c> and <c>alerts</c>.</summary>
/// <remarks>
/// All readers of records use it. The files are read once, into a table, because they may grow in the meantime and one result must not mix
/// two moments. DuckDB writes what does not fit into its memory to disk.
/// </remarks>
internal sealed class LogSnapshot : IDisposable
{
    private const string MemoryLimit = "700MB";
    private const string MemoryLimitBesideOthers = "256MB";

    // Writing a table that has spilled to disk takes three times as long as writing one in memory.
    private const string MemoryLimitOfLines = "768MB";

    // DuckDB holds some tens of kilobytes for each column of each file until a statement has ended.
    private const int MaxFilesAtOnce = 100;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    private const string JudgedView = """
        CREATE TEMP VIEW judged_generations AS
        SELECT g.*, e.timestamp AS evaluation_timestamp, e.evaluator_type, e.model_name AS evaluator_model_name,
            e.success AS evaluation_success, e.duration AS evaluation_duration, e.scores, e.feedback, e.error AS evaluation_error,
            e.tags AS evaluation_tags
        FROM generations g JOIN evaluations e ON e.generation_id = g.id
        """;

    private const string TotalTokens = """
        TRY_CAST(coalesce(total_token_count::HUGEINT, prompt_token_count::HUGEINT + completion_token_count::HUGEINT,
            prompt_token_count::HUGEINT, completion_token_count::HUGEINT) AS BIGINT) AS total_token_count
        """;

    private readonly DuckDBConnection _connection = new("DataSource=:memory:");
    private readonly string _spillDirectory = Path.Combine(Path.GetTempPath(), "afterimage-" + Guid.NewGuid().ToString("N"));
    private readonly RecordColumn[] _columns;
    private readonly bool _keepsLines;
    private readonly Func<IRecordTaker>? _createTaker;
    private readonly List<HeldFile> _held = [];
    private readonly int _maxLineLength;
    private readonly CancellationToken _cancellationToken;
    private long _skippedLogLines;

    /// <summary>Creates a snapshot without records.</summary>
    /// <param name="columns">The columns to read of each record. A statement that uses any other column fails.</param>
    /// <param name="cancellationToken">A token to cancel any operation of the snapshot.</param>
    /// <param name="keepsLines">Whether the table also has the column <c>line</c>, for lines that the other columns could not
    /// restore.</param>
    /// <param name="createTaker">Creates a receiver of all records on their way into the table, one per thread. Optional.</param>
    /// <param name="maxLineLength">The length, in bytes, beyond which a line is skipped.</param>
    public LogSnapshot(
        RecordColumn[] columns,
        CancellationToken cancellationToken,
        bool keepsLines = false,
        Func<IRecordTaker>? createTaker = null,
        int maxLineLength = LineSplitter.DefaultMaxLineLength)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _columns = columns;
        _keepsLines = keepsLines;
        _createTaker = createTaker;
        _maxLineLength = maxLineLength;
        _cancellationToken = cancellationToken;
        _connection.Open();
        Execute($"""
            SET memory_limit = '{(keepsLines ? MemoryLimitOfLines : MemoryLimit)}';
            SET temp_directory = {QuotePath(_spillDirectory)};
            SET enable_progress_bar_print = false;
            SET autoinstall_known_extensions = false;
            SET allow_persistent_secrets = false;
            SET TimeZone = 'UTC';
            """);
        Execute($"CREATE TEMP TABLE read_record ({string.Join<RecordColumn>(", ", columns)}{(keepsLines ? ", line BLOB" : "")})");
        Execute($"CREATE TEMP VIEW record AS {SelectWhole("read_record", column => column.Name)}");
        Execute(NoteTables.Definitions);
        Execute(ViewOf("calls", RecordEvents.Calls));
        Execute(ViewOf("generations", RecordEvents.Generation));
        Execute(ViewOf("evaluations", RecordEvents.Evaluation));
        Execute(JudgedView);
        Execute(PointSource.Macros);
        Execute(PointSource.View);
    }

    public DuckDBConnection Connection => _connection;

    /// <summary>The number of lines that held no valid record, log entry or alert.</summary>
    public long SkippedLines =>
        _skippedLogLines
        + Scalar("SELECT (SELECT count(*) FROM record WHERE event IS NULL) + (SELECT count(*) FROM alert WHERE name IS NULL)");

    /// <summary>Adds the records of <paramref name="files"/> from <paramref name="since"/> (inclusive) to <paramref name="until"/>
    /// (exclusive).</summary>
    public void AddRecords(
        IReadOnlyCollection<string> files,
        DateTimeOffset? since = null,
        DateTimeOffset? until = null,
        Action<double>? report = null)
    {
        string[] compacted = [.. files.Where(RecordFiles.IsCompacted)];
        AddRecords(compacted, list => CompactedFile.SelectFrom(_columns, list, _keepsLines), since, until, report);
        if (_createTaker is not null)
            PassCompacted(compacted, (since, until), _createTaker);
        RecordFiller.Fill(
            _connection,
            _columns,
            _keepsLines,
            [.. files.Except(compacted)],
            (since, until),
            _maxLineLength,
            _createTaker,
            report,
            _cancellationToken);
    }

    /// <summary>Lets statements read the records of compacted files where they are, for a snapshot that few statements will read. The files
    /// never change, and are held open.</summary>
    /// <returns>Whether they can be read so.</returns>
    public bool TryAddInPlace(IReadOnlyCollection<string> compacted, DateTimeOffset? since, DateTimeOffset? until)
    {
        if (!HeldFile.IsSupported || compacted.Count is 0 or > MaxFilesAtOnce)
            return false;

        foreach (string path in compacted)
            _held.Add(new HeldFile(path));
        string rows = SelectFilled(_held.Select(file => file.Path), (since, until), out IReadOnlySet<string> filled);
        string select = SelectWhole(
            $"({rows})",
            column => column.IsAlwaysRead
                ? column.Name
                : $"{(filled.Contains(column.Name) ? column.Name : "NULL")}::{column.Type} AS {column.Name}");
        Execute($"CREATE OR REPLACE TEMP VIEW record AS {select} UNION ALL {SelectWhole("read_record", column => column.Name)}");
        return true;
    }

    /// <summary>Passes on the records of compacted files, in any order, without keeping them.</summary>
    public void PassCompacted(
        IReadOnlyCollection<string> files,
        (DateTimeOffset? Since, DateTimeOffset? Until) times,
        Func<IRecordTaker> createTaker)
    {
        // If the order does not matter, DuckDB need not put the parts in order.
        Execute("SET preserve_insertion_order = false");
        foreach (string[] some in files.Chunk(MaxFilesAtOnce))
            RecordRows.Read(_connection, SelectFilled(some, times, out _), Environment.ProcessorCount, createTaker, _cancellationToken);
        Execute("SET preserve_insertion_order = true");
    }

    /// <summary>Passes on the records of a compacted file in the order of its lines, without keeping them.</summary>
    public void PassInOrder(string file, DateTimeOffset? since, IRecordTaker taker) =>
        RecordRows.Read(_connection, SelectFilled([file], (since, null), out _), workers: 1, () => taker, _cancellationToken);

    /// <summary>Returns the exception for an error of a statement: one that names a file, if a file that is read in place is
    /// damaged.</summary>
    public Exception Blame(DbException exception) =>
        _held.Find(file => IsDamaged(file.Path)) is { } damaged ? CompactedFile.Damaged(damaged.Name, exception) : exception;

    /// <summary>Returns whether a compacted file cannot be read. The engine does not always name it.</summary>
    public static bool IsDamaged(string path)
    {
        try
        {
            using var snapshot = new LogSnapshot(RecordColumn.All, CancellationToken.None);
            _ = snapshot.Query(CompactedFile.SelectRows(ListFiles([path]))).Count();
            return false;
        }
        catch (Exception e) when (CompactedFile.IsDamage(e))
        {
            return true;
        }
    }

    /// <summary>Adds the log entries of <paramref name="files"/>.</summary>
    public void AddLogs(IReadOnlyCollection<string> files) =>
        _skippedLogLines += NoteTables.AddLogs(_connection, files, _maxLineLength, _cancellationToken);

    /// <summary>Adds the alerts of <paramref name="files"/>.</summary>
    public void AddAlerts(IReadOnlyCollection<string> files) =>
        NoteTables.AddAlerts(_connection, files, _maxLineLength, _cancellationToken);

    /// <summary>Adds metric points from memory.</summary>
    public void AddPoints(IEnumerable<RetainedPoints> series, DateTimeOffset since)
    {
        // Appended without the columns that points lack, which requires a table of its own.
        Execute("CREATE TEMP TABLE point (ticks BIGINT, metric_name VARCHAR, value DOUBLE, model_name VARCHAR)");
        using (DuckDBAppender appender = _connection.CreateAppender("point"))
        {
            foreach (RetainedPoints points in series)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                for (int i = 0; i < points.Count; i++)
                {
                    if (points.UtcTicks(i) >= since.UtcTicks)
                        appender
                            .CreateRow()
                            .AppendValue(points.UtcTicks(i) - DateTime.UnixEpoch.Ticks)
                            .AppendValue(points.Metric)
                            .AppendValue(points.Value(i))
                            .AppendValue(points.Model(i))
                            .EndRow();
                }
            }
        }

        Execute("INSERT INTO read_record BY NAME SELECT 'metric' AS event, * FROM point; DROP TABLE point;");
    }

    /// <summary>Limits the memory to leave room for another snapshot, so that both together take no more than a gigabyte.</summary>
    public void Shrink() => Execute($"SET memory_limit = '{MemoryLimitBesideOthers}'");

    /// <summary>Prevents any further statement from accessing the network, a setting, or a file that is not read in place.</summary>
    public void Lock() => Execute($"""
        SET allowed_paths = [{string.Join(", ", _held.Select(file => QuotePath(file.Path)))}];
        SET enable_external_access = false;
        SET lock_configuration = true;
        """);

    /// <param name="sql">The statement.</param>
    /// <param name="report">Receives progress from 0 to 1 from time to time.</param>
    public void Execute(string sql, Action<double>? report = null)
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        using CancellationTokenRegistration cancel = _cancellationToken.Register(command.Cancel);
        Exception? reportError = null;
        if (report is not null)
            Execute("SET enable_progress_bar = true");
        SafeTimer? timer = report is null
            ? null
            : new SafeTimer(
                TimeProvider.System,
                () => report(Math.Clamp(_connection.GetQueryProgress().Percentage / 100, 0, 1)),
                e => reportError = e);
        timer?.Start(ReportInterval, ReportInterval);
        try
        {
            command.ExecuteNonQuery();
        }
        finally
        {
            // It ends when its last report has, which must not find the connection gone.
            timer?.StopAsync().AsTask().GetAwaiter().GetResult();
        }

        if (reportError is not null)
            ExceptionDispatchInfo.Throw(reportError);
        _cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Returns the rows of a query one by one. Each must be read before the next is requested.</summary>
    public IEnumerable<DuckDBDataReader> Query(string sql)
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.UseStreamingMode = true;
        using CancellationTokenRegistration cancel = _cancellationToken.Register(command.Cancel);
        using DuckDBDataReader reader = command.ExecuteReader();
        while (reader.Read())
            yield return reader;
        _cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Returns the integer that is the only row of a query.</summary>
    public long Scalar(string sql) => Query(sql).Select(row => row.GetInt64(0)).ToArray()[0];

    /// <summary>Removes data that may hold contents of calls. The columns stay, without values.</summary>
    public void RemoveContents(QueryInput input)
    {
        RecordField[] contents = [RecordSchema.Tags, RecordSchema.Feedback];
        string[] read = [.. input.Columns.Where(column => contents.Contains(column.Field)).Select(column => $"{column.Name} = NULL")];
        if (read.Length > 0)
            Execute($"UPDATE read_record SET {string.Join(", ", read)}");
        if (input.HasLogs)
            Execute("UPDATE log SET message = NULL, error = NULL, stack_trace = NULL, data = NULL");
    }

    /// <summary>Returns the text as an SQL expression. A literal of DuckDB ends at a NUL.</summary>
    public static string Quote(string text) =>
        "('" + text.Replace("'", "''", StringComparison.Ordinal).Replace("\0", "' || chr(0) || '", StringComparison.Ordinal) + "')";

    /// <summary>Returns the path as an SQL literal, for statements that accept no expression.</summary>
    public static string QuotePath(string path) => "'" + path.Replace("'", "''", StringComparison.Ordinal) + "'";

    public void Dispose()
    {
        _connection.Dispose();
        _held.ForEach(file => file.Dispose());
        if (Directory.Exists(_spillDirectory))
            Directory.Delete(_spillDirectory, recursive: true);
    }

    /// <summary>Returns the paths as a list for DuckDB's readers.</summary>
    public static string ListFiles(IEnumerable<string> files) =>
        "[" + string.Join(", ", files.Select(file => QuotePath(EscapeGlob(file)))) + "]";

    /// <summary>Returns an SQL condition for rows from <paramref name="since"/> (inclusive) to <paramref name="until"/>
    /// (exclusive).</summary>
    public static string Within(DateTimeOffset? since, DateTimeOffset? until) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"ticks >= {Ticks(since) ?? long.MinValue} AND ticks < {Ticks(until) ?? long.MaxValue}");

    private void AddRecords(
        string[] files,
        Func<string, string> select,
        DateTimeOffset? since,
        DateTimeOffset? until,
        Action<double>? report)
    {
        int done = 0;
        foreach (string[] some in files.Chunk(MaxFilesAtOnce))
        {
            Execute(
                $"INSERT INTO read_record BY NAME {SelectRecords(select(ListFiles(some)), (since, until))}",
                report is null ? null : share => report((done + (share * some.Length)) / files.Length));
            done += some.Length;
        }
    }

    private string SelectWhole(string rows, Func<RecordColumn, string> select) =>
        "SELECT "
        + string.Join(
            ", ",
            RecordColumn.All.Select(column => _columns.Any(read => read.Name == column.Name) ? select(column) : column.Missing))
        + $" FROM {rows}";

    /// <summary>Selects the rows of compacted files, with the columns that have values.</summary>
    private string SelectFilled(
        IEnumerable<string> files,
        (DateTimeOffset? Since, DateTimeOffset? Until) times,
        out IReadOnlySet<string> filled)
    {
        string list = ListFiles(files);
        IReadOnlySet<string> names = filled = CompactedFile.FilledColumns(this, list);
        IEnumerable<RecordColumn> columns = _columns.Where(column => column.IsAlwaysRead || names.Contains(column.Name));
        return SelectRecords(CompactedFile.SelectFrom(columns, list, withLines: false), times);
    }

    /// <summary>Selects rows of compacted files as rows of the table, within a range of times.</summary>
    private static string SelectRecords(string rows, (DateTimeOffset? Since, DateTimeOffset? Until) times) =>
        $"SELECT * REPLACE (TRY_CAST(event AS {RecordColumn.EventType}) AS event) FROM ({rows})"
        + (times == default ? "" : $" WHERE event IS NULL OR {Within(times.Since, times.Until)}");

    /// <summary>Returns the view of the records of given events, with their keys as columns. A total that was not given is the sum of the
    /// two others.</summary>
    private static string ViewOf(string name, RecordEvents events)
    {
        IEnumerable<string> columns = RecordSchema.Fields.Where(field => field.IsOf(events)).Select(field =>
            field == RecordSchema.Timestamp ? "make_timestamptz(ticks // 10) AS timestamp"
            : field == RecordSchema.TotalTokenCount ? TotalTokens
            : field == RecordSchema.Event ? (events == RecordEvents.Calls ? "event::VARCHAR AS event" : "")
            : field.Key);
        IEnumerable<string> kinds = RecordLine.EventNames.Where(pair => (pair.Event & events) != 0).Select(pair => Quote(pair.Name));
        return $"CREATE TEMP VIEW {name} AS SELECT {string.Join(", ", columns.Where(column => column.Length > 0))} "
            + $"FROM record WHERE event IN ({string.Join(", ", kinds)})";
    }

    private static long? Ticks(DateTimeOffset? time) => time?.UtcTicks - DateTime.UnixEpoch.Ticks;

    /// <summary>Returns the path as a DuckDB pattern that matches nothing else. DuckDB only takes a path literally if none of its
    /// characters has a meaning in a pattern.</summary>
    private static string EscapeGlob(string path)
    {
        if (path.AsSpan().IndexOfAny('*', '?', '[') < 0)
            return path;

        // In a pattern, DuckDB takes a backslash for a directory separator, and has no escape for it.
        if (Path.DirectorySeparatorChar != '\\' && path.Contains('\\', StringComparison.Ordinal))
            throw new IOException($"The file '{path}' cannot be read: A path with a backslash must not contain the characters *?[.");

        var pattern = new StringBuilder(path.Length + 8);
        foreach (char c in path)
            _ = c is '*' or '?' or '[' ? pattern.Append('[').Append(c).Append(']') : pattern.Append(c);
        return pattern.ToString();
    }
}
