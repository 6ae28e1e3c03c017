using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Writes a snapshot's points or records to files.</summary>
internal sealed class Exporter(LogSnapshot snapshot, ExportOptions options, StagedFiles files, CancellationToken cancellationToken)
{
    private const string Records = "SELECT * FROM calls";

    // Letting all threads write in the order of the log is faster, but not for JSON, most of which would wait in memory for its turn.
    private const string RecordsForJson =
        "SELECT * FROM calls WHERE event = 'generation' UNION ALL SELECT * FROM calls WHERE event = 'evaluation'";
    private const string CsvFormat = "FORMAT csv, HEADER true";
    private const int MaxQueries = 64;
    private const string IsoTime = "'%Y-%m-%dT%H:%M:%S.%fZ'";

    private readonly List<(string Name, string Type)> _columns = [];

    /// <summary>The number of rows that were written.</summary>
    public long Rows { get; private set; }

    /// <param name="name">The name of the file, or the prefix of the names of the files.</param>
    /// <param name="format">The format.</param>
    /// <param name="report">Receives progress from 0 to 1.</param>
    public void Write(string name, ExportFormat format, Action<double> report)
    {
        string records = format == ExportFormat.Json ? RecordsForJson : Records;
        string select = options.Shape == ExportShape.Records ? records : "SELECT * FROM points" + MetricFilter(options.MetricName);
        foreach (var row in snapshot.Query("DESCRIBE " + select))
            _columns.Add((row.GetString(0), row.GetString(1)));

        Rows = snapshot.Scalar($"SELECT count(*) FROM ({select})");
        switch (format)
        {
            case ExportFormat.Json:
                Copy(select, files.Add(name, KindOf(format)), "FORMAT json, ARRAY true", JsonColumn, report);
                break;
            case ExportFormat.Csv when IsFileByMetric(format, options) && Rows > 0:
                WriteCsvByMetric(name, report);
                break;
            case ExportFormat.Csv:
                Copy(select, files.Add(name, KindOf(format)), CsvFormat, CsvColumn, report);
                break;
            case ExportFormat.Excel:
                new ExcelWriter(snapshot, cancellationToken)
                    .WriteAsync(files.Add(name, KindOf(format)), Sheets(), Rows, report)
                    .GetAwaiter()
                    .GetResult();
                break;
            case ExportFormat.Parquet:
                Copy(
                    select,
                    files.Add(name, KindOf(format)),
                    "FORMAT parquet, COMPRESSION zstd",
                    column => Identifier(column.Name),
                    report);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format));
        }
    }

    /// <summary>Returns whether each metric has a file of its own.</summary>
    public static bool IsFileByMetric(ExportFormat format, ExportOptions options) =>
        format == ExportFormat.Csv && options.Shape == ExportShape.Points && !options.SingleFile;

    public static OutputKind KindOf(ExportFormat format) => format switch
    {
        ExportFormat.Json => OutputKind.Json,
        ExportFormat.Csv => OutputKind.Csv,
        ExportFormat.Excel => OutputKind.Excel,
        _ => OutputKind.Parquet,
    };

    private static string MetricFilter(string? metric) => metric is null ? "" : $" WHERE metric = {LogSnapshot.Quote(metric)}";

    private static string Identifier(string name) => '"' + name + '"';

    private static string JsonColumn((string Name, string Type) column)
    {
        string name = Identifier(column.Name);
        return column.Type switch
        {
            // JSON has no numbers for NaN and the infinities.
            "DOUBLE" => $"""
                CASE WHEN isfinite({name}) THEN to_json({name}) WHEN isnan({name}) THEN '"NaN"'::JSON
                WHEN {name} > 0 THEN '"Infinity"'::JSON WHEN {name} < 0 THEN '"-Infinity"'::JSON END AS {name}
                """,
            "TIMESTAMP WITH TIME ZONE" => $"strftime({name} AT TIME ZONE 'UTC', {IsoTime}) AS {name}",
            _ => name,
        };
    }

    private static string CsvColumn((string Name, string Type) column)
    {
        string name = Identifier(column.Name);
        return column.Type switch
        {
            "VARCHAR" =>
                $"CASE WHEN left({name}, 1) IN ('=', '+', '-', '@', chr(9), chr(13)) THEN '''' || {name} ELSE {name} END AS {name}",
            "TIMESTAMP WITH TIME ZONE" => $"strftime({name} AT TIME ZONE 'UTC', {IsoTime}) AS {name}",
            _ => name,
        };
    }

    private void Copy(
        string select,
        string path,
        string how,
        Func<(string Name, string Type), string> column,
        Action<double>? report = null) =>
        snapshot.Execute(
            $"COPY (SELECT {string.Join(", ", _columns.Select(column))} FROM ({select})) TO {LogSnapshot.QuotePath(path)} ({how})",
            report);

    private void WriteCsvByMetric(string name, Action<double> report)
    {
        var names = new SafeNames();
        string extension = Path.HasExtension(name) ? Path.GetExtension(name) : ".csv";
        (string Metric, long Count, string Path)[] parts =
        [
            .. Metrics("files")
                .Select(metric =>
                (
                    metric.Name,
                    metric.Count,
                    files.Add($"{Path.GetFileNameWithoutExtension(name)}_{names.File(metric.Name)}{extension}", OutputKind.Csv))),
        ];

        // A query for each metric needs no sorting, but reads all records. It is therefore only used for metrics that are a large part of
        // the points. The others are sorted together into one file, which is then split.
        ILookup<bool, (string Metric, long Count, string Path)> isLarge = parts.ToLookup(part => part.Count > Rows / MaxQueries);
        long written = 0;
        foreach ((string metric, long count, string path) in isLarge[true])
        {
            Copy(
                "SELECT * FROM points" + MetricFilter(metric),
                path,
                CsvFormat,
                CsvColumn,
                share => report((written + share * count) / Rows));
            written += count;
        }

        if (!isLarge[false].Any())
            return;

        long rest = (Rows - written) / 2;
        string large = string.Join(", ", isLarge[true].Select(part => LogSnapshot.Quote(part.Metric)));
        string all = files.AddTemporary();
        Copy(
            ByMetric(large.Length == 0 ? "" : $" WHERE metric NOT IN ({large})"),
            all,
            CsvFormat,
            CsvColumn,
            share => report((written + share * rest) / Rows));
        written += rest;
        CsvParts.Cut(
            all,
            isLarge[false].Select(part => (part.Path, part.Count)),
            share => report((written + share * (Rows - written)) / Rows),
            cancellationToken);
    }

    private IEnumerable<(string Sql, IReadOnlyList<(string Name, long Rows)> Sheets)> Sheets()
    {
        if (options.Shape == ExportShape.Records)
        {
            yield return ("FROM generations", [("generations", snapshot.Scalar("SELECT count(*) FROM generations"))]);
            yield return ("FROM evaluations", [("evaluations", snapshot.Scalar("SELECT count(*) FROM evaluations"))]);
            yield break;
        }

        if (options.SingleFile)
        {
            yield return ("SELECT * FROM points" + MetricFilter(options.MetricName), [("points", Rows)]);
            yield break;
        }

        // A workbook must have at least one sheet.
        (string Name, long Count)[] metrics = Metrics("sheets");
        yield return (ByMetric(MetricFilter(options.MetricName)), metrics is [] ? [("points", 0)] : metrics);
    }

    // The records of a metric, in the order of recording.
    private static string ByMetric(string filter) =>
        $"SELECT * EXCLUDE (position) FROM (SELECT *, row_number() OVER () AS position FROM points{filter}) ORDER BY metric, position";

    /// <summary>Returns the metrics, each with the number of its points.</summary>
    /// <param name="parts">What each metric has of its own.</param>
    /// <exception cref="IOException">There would be too many.</exception>
    private (string Name, long Count)[] Metrics(string parts)
    {
        (string Name, long Count)[] metrics =
        [
            .. snapshot.Query($"SELECT metric, count(*) FROM points{MetricFilter(options.MetricName)} GROUP BY ALL ORDER BY ALL")
                .Select(row => (row.GetString(0), row.GetInt64(1))),
        ];
        return metrics.Length <= options.MaxFiles
            ? metrics
            : throw new IOException(
                $"The export would write {Format.Count(metrics.Length)} {parts}, one for each metric, but the limit is "
                    + $"{Format.Count(options.MaxFiles)}. Export one metric, or all points together (SingleFile, --single-file).");
    }
}
