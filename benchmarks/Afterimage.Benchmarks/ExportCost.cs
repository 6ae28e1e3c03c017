using System.Diagnostics;
using System.Globalization;
using Afterimage.Monitoring;
using DuckDB.NET.Data;
using MiniExcelLibs;
using MiniExcelLibs.OpenXml;
using SpreadCheetah;

namespace Afterimage.Benchmarks;

/// <summary>
/// What leaves a log directory, and what it costs: <c>export make DIR GENERATIONS</c>, then in a process each <c>export
/// afterimage|duckdb|miniexcel|spreadcheetah FORMAT DIR</c> and <c>export plot POINTS</c>.
/// </summary>
/// <remarks>
/// Everyone reads the same JSON lines and writes the same rows and columns: a generation a row. Each runs <see cref="Runs"/> times in its
/// process (a workbook once: it takes long); the facts are the median of the whole, the median of the writing alone, from what has been
/// read, and of the process the most memory that was resident.
/// </remarks>
internal static class ExportCost
{
    private const int Runs = 3;

    /// <summary>The columns of a record, as docs/log-format.md has them; those of evaluations stay empty here, and are written by
    /// everyone.</summary>
    private const string Columns =
        """
        {"timestamp": 'TIMESTAMPTZ', "event": 'VARCHAR', "duration": 'DOUBLE', "success": 'BOOLEAN', "model_name": 'VARCHAR',
        "prompt_token_count": 'BIGINT', "completion_token_count": 'BIGINT', "total_token_count": 'BIGINT', "cost_usd": 'DOUBLE',
        "unpriced_token_count": 'BIGINT', "cached_prompt_token_count": 'BIGINT', "reasoning_token_count": 'BIGINT',
        "finish_reason": 'VARCHAR', "conversation_length": 'INTEGER', "time_to_first_token": 'DOUBLE', "provider": 'VARCHAR',
        "operation": 'VARCHAR', "error": 'VARCHAR', "tags": 'JSON', "evaluator_type": 'VARCHAR', "scores": 'JSON', "feedback": 'JSON'}
        """;

    public static int Run(string[] args)
    {
        using var output = new TemporaryDirectory();
        switch (args)
        {
            case ["make", string directory, string generations]:
                Make(directory, int.Parse(generations, CultureInfo.InvariantCulture));
                return 0;
            case ["afterimage", string format, string directory]:
                Measure(
                    $"{format}.afterimage",
                    format == "excel" ? 1 : Runs,
                    () => ByAfterimage(directory, output.File("out." + format), format));
                return 0;
            case ["duckdb", string format, string directory]:
                Measure($"{format}.duckdb", Runs, () => ByDuckDb(directory, output.File("out." + format), format));
                return 0;
            case ["miniexcel", "excel", string directory]:
                Measure("excel.miniexcel", 1, () => ByMiniExcel(directory, output.File("out.xlsx")));
                return 0;
            case ["spreadcheetah", "excel", string directory]:
                Measure("excel.spreadcheetah", 1, () => BySpreadCheetah(directory, output.File("out.xlsx")).GetAwaiter().GetResult());
                return 0;
            case ["plot", string points]:
                Plot(output, int.Parse(points, CultureInfo.InvariantCulture));
                return 0;
            default:
                Console.Error.WriteLine(
                    "export make DIR GENERATIONS | afterimage FORMAT DIR | duckdb FORMAT DIR | miniexcel excel DIR "
                    + "| spreadcheetah excel DIR | plot POINTS"
                );
                return 2;
        }
    }

    private static void Make(string directory, int generations)
    {
        var options = new GenerationMonitorOptions { LogDirectory = directory };
        options.LogFiles.MaxFileSize = 1L << 30;
        using var monitor = new GenerationMonitor(options);
        for (int i = 0; i < generations; i++)
            monitor.TrackGeneration(Sample.Duration(i), true, Sample.Details(i));
        monitor.FlushAsync().AsTask().GetAwaiter().GetResult();
        Facts.Write("export.generations", generations);
    }

    private static double ByAfterimage(string directory, string path, string format)
    {
        var writing = new Writing();
        LogDirectory
            .Open(directory)
            .ExportMetricsAsync(
                path,
                Enum.Parse<ExportFormat>(format, ignoreCase: true),
                new ExportOptions { Shape = ExportShape.Records },
                writing)
            .GetAwaiter()
            .GetResult();
        return Stopwatch.GetElapsedTime(writing.Start, writing.End).TotalSeconds;
    }

    private static double ByDuckDb(string directory, string path, string format)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        string how = format switch
        {
            "parquet" => "FORMAT parquet, COMPRESSION zstd",
            "csv" => "FORMAT csv, HEADER true",
            _ => "FORMAT json, ARRAY true",
        };
        Execute(connection, "CREATE TEMP TABLE generations AS " + Select(directory));
        long start = Stopwatch.GetTimestamp();
        Execute(connection, $"COPY generations TO '{path}' ({how})");
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Execute(DuckDBConnection connection, string sql)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static double ByMiniExcel(string directory, string path)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBDataReader reader = Read(connection, directory);
        using FileStream stream = File.Create(path);
        stream.SaveAs(reader, configuration: new OpenXmlConfiguration { AutoFilter = false, EnableWriteNullValueCell = false });
        return double.NaN;
    }

    private static async Task<double> BySpreadCheetah(string directory, string path)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBDataReader reader = Read(connection, directory);
        using FileStream stream = File.Create(path);
        await using Spreadsheet spreadsheet = await Spreadsheet.CreateNewAsync(
            stream,
            new SpreadCheetahOptions { CompressionLevel = SpreadCheetahCompressionLevel.Fastest });
        await spreadsheet.StartWorksheetAsync("generations");
        var cells = new DataCell[reader.FieldCount];
        for (int i = 0; i < cells.Length; i++)
            cells[i] = new DataCell(reader.GetName(i));
        await spreadsheet.AddRowAsync(cells);
        while (reader.Read())
        {
            for (int i = 0; i < cells.Length; i++)
                cells[i] = Cell(reader.GetValue(i));
            await spreadsheet.AddRowAsync(cells);
        }

        await spreadsheet.FinishAsync();
        return double.NaN;
    }

    private static DataCell Cell(object value) => value switch
    {
        string text => new DataCell(text),
        double number => new DataCell(number),
        long number => new DataCell(number),
        int number => new DataCell(number),
        bool flag => new DataCell(flag),
        DateTime time => new DataCell(time),
        _ => default,
    };

    private static DuckDBDataReader Read(DuckDBConnection connection, string directory)
    {
        DuckDBCommand command = connection.CreateCommand();
        command.CommandText = Select(directory);
        command.UseStreamingMode = true;
        return command.ExecuteReader();
    }

    private static string Select(string directory) =>
        $"SELECT * FROM read_json('{directory}/metrics*.jsonl', format = 'newline_delimited', "
        + $"columns = {Columns.ReplaceLineEndings(" ").Replace('"', ' ')})";

    /// <summary>A figure of points in memory, from the question to the PNG.</summary>
    private static void Plot(TemporaryDirectory output, int points)
    {
        using var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = output.Path, WriteFiles = false });
        DateTimeOffset end = DateTimeOffset.UtcNow;
        var random = new Random(42);
        for (int i = 0; i < points; i++)
            monitor.RecordMetric("generation_time", 1.5 * Math.Exp(0.5 * random.NextDouble()), timestamp: end.AddMilliseconds(i - points));
        if (monitor.GetMetrics("generation_time", TimeSpan.FromDays(1)).Count != points)
            throw new InvalidOperationException("Points are missing.");

        Measure("plot.afterimage", Runs, () =>
        {
            monitor.PlotMetric("generation_time").SavePng(output.File("plot.png"), 1200, 800);
            return double.NaN;
        });
    }

    /// <param name="name">What the facts are called.</param>
    /// <param name="runs">How often.</param>
    /// <param name="run">Does it, and says how many seconds of it were writing; NaN where that is not apart.</param>
    private static void Measure(string name, int runs, Func<double> run)
    {
        double[] whole = new double[runs];
        double[] writing = new double[runs];
        for (int i = 0; i < runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            writing[i] = run();
            whole[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(whole);
        Array.Sort(writing);
        Facts.Write($"export.{name}.seconds", Math.Round(whole[runs / 2], 3));
        if (double.IsFinite(writing[runs / 2]))
            Facts.Write($"export.{name}.writing.seconds", Math.Round(writing[runs / 2], 3));
        Facts.Write($"export.{name}.MiB", Math.Round(ProcessFigures.PeakResident / 1024.0 / 1024.0, 1));
    }

    /// <summary>Notes when an export has read everything, and when it has written everything.</summary>
    private sealed class Writing : IProgress<double>
    {
        public long Start { get; private set; }

        public long End { get; private set; }

        public void Report(double value)
        {
            if (value >= 0.5 && Start == 0)
                Start = Stopwatch.GetTimestamp();
            End = Stopwatch.GetTimestamp();
        }
    }
}
