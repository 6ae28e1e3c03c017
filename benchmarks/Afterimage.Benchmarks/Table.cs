using System.Globalization;
using System.Text.Json;

namespace Afterimage.Benchmarks;

/// <summary>One table of ratios from what BenchmarkDotNet and <see cref="Facts"/> left in a directory. Medians throughout.</summary>
internal sealed partial class Table
{
    private readonly string _facts;
    private readonly Dictionary<string, double> _nanoseconds = [];

    private Table(string artifacts)
    {
        _facts = Path.Combine(artifacts, "facts");
        string results = Path.Combine(artifacts, "results");
        foreach (string report in Directory.Exists(results) ? Directory.GetFiles(results, "*-report-full-compressed.json") : [])
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(report));
            foreach (JsonElement benchmark in document.RootElement.GetProperty("Benchmarks").EnumerateArray())
            {
                if (benchmark.GetProperty("Statistics") is { ValueKind: JsonValueKind.Object } statistics)
                    _nanoseconds[
                        $"{benchmark.GetProperty("Type")}.{benchmark.GetProperty("Method")} {benchmark.GetProperty("Parameters")}".TrimEnd()
                    ] = statistics.GetProperty("Median").GetDouble();
            }
        }
    }

    public static int Print(string artifacts)
    {
        var table = new Table(artifacts);
        Console.WriteLine("Ratio: ours divided by what is beside it, times and bytes; below 1 is less. Medians of one run.");
        Console.WriteLine();
        Console.WriteLine("| case | beside it | ratio | target | | ours | it |");
        Console.WriteLine("|---|---|---:|---:|---|---:|---:|");
        table.CallerRows();
        table.EndToEndRows();
        table.QueryRows();
        table.MemoryRows();
        table.ExportRows();
        table.ReadingRows();
        table.ServingRows();
        return 0;
    }

    private void CallerRows()
    {
        const string Ours = "CallerCost.Afterimage Threads=";
        foreach (int threads in (int[])[1, 2])
        {
            string name = $"one `TrackGeneration`, {threads} thread{(threads == 1 ? "" : "s")}";
            string ours = Ours + threads;
            foreach ((string peer, string method, double? target) in ((string, string, double?)[])
                [
                    ("one OpenTelemetry histogram record", "OpenTelemetryHistogram", threads == 1 ? 0.66 : null),
                    ("eight OpenTelemetry instruments", "OpenTelemetryEightInstruments", null),
                    ("prometheus-net, eight metrics", "PrometheusNet", null),
                    ("Serilog, file sink", "Serilog", null),
                    ("ZLogger, file", "ZLogger", null),
                    ("FasterLog, 104 bytes", "FasterLog", null),
                    ("limit: reading the clock", "Clock", null),
                    ("limit: storing 104 bytes", "BareStore", null),
                ])
                Ratio(name, ours, peer, $"CallerCost.{method} Threads={threads}", target);
        }

        foreach (int threads in (int[])[1, 2])
        {
            string name = $"the same with IDs, a provider and three tags, {threads} thread{(threads == 1 ? "" : "s")}";
            string ours = $"CallerCost.AfterimageDetailed Threads={threads}";
            Ratio(name, ours, "one OpenTelemetry span of these", $"CallerCost.OpenTelemetrySpan Threads={threads}", null);
            Ratio(name, ours, "Serilog, file sink", $"CallerCost.SerilogDetailed Threads={threads}", null);
        }

        foreach (int threads in (int[])[1, 2])
            Ratio(
                $"the same, waking the pump once in 1,024, {threads} thread{(threads == 1 ? "" : "s")}",
                $"CallerCost.AfterimageWaking Threads={threads}",
                "not waking it",
                Ours + threads,
                null);
        Ratio(
            "the same, OpenTelemetry listening to the meter, 1 thread",
            "CallerCost.AfterimageListenedTo Threads=1",
            "nobody listening",
            Ours + 1,
            null);
        Ratio("a clock of 4 ms (`TickCount64`)", "CallerCost.CoarseClock Threads=1", "the clock", "CallerCost.Clock Threads=1", null);
        AtLeast("throughput of 2 threads", Nanoseconds(Ours + 1) * 2 / Nanoseconds(Ours + 2), "one thread", 1.8);
        AtLeast("the same, by each thread's own time", OwnThroughput("Afterimage"), "one thread", null);
        AtLeast(
            "the same, OpenTelemetry histogram",
            Nanoseconds("CallerCost.OpenTelemetryHistogram Threads=1") * 2 / Nanoseconds("CallerCost.OpenTelemetryHistogram Threads=2"),
            "one thread",
            null);
        AtLeast("the same, by each thread's own time", OwnThroughput("OpenTelemetryHistogram"), "one thread", null);
        AtMost("bytes allocated by the caller", Facts.Read(_facts, "allocated.Afterimage"), "", 0);
        AtMost("the same with IDs, a provider and three tags", Facts.Read(_facts, "allocated.AfterimageDetailed"), "", null);
        AtMost("the same, an OpenTelemetry span of these", Facts.Read(_facts, "allocated.OpenTelemetrySpan"), "", null);
        AtMost("the same, OpenTelemetry histogram", Facts.Read(_facts, "allocated.OpenTelemetryHistogram"), "", null);
        AtMost("the same, prometheus-net", Facts.Read(_facts, "allocated.PrometheusNet"), "", null);
        AtMost("the same, Serilog", Facts.Read(_facts, "allocated.Serilog"), "", null);
        AtMost("the same, ZLogger", Facts.Read(_facts, "allocated.ZLogger"), "", null);
    }

    private void EndToEndRows()
    {
        const string Name = "to disk, drained, a generation";
        const string Ours = "EndToEnd.Afterimage";
        Ratio(Name, Ours, "Serilog, file sink", "EndToEnd.Serilog", 0.25);
        Ratio(Name, Ours, "ZLogger, file", "EndToEnd.ZLogger", null);
        Ratio(Name, Ours, "limit: Utf8JsonWriter alone", "EndToEnd.JsonOnly", null);
        Ratio(Name, Ours, "limit: bare write of the bytes", "EndToEnd.BareWrite", null);
        Ratio(Name, Ours, "limit: both, one after the other", Nanoseconds("EndToEnd.JsonOnly") + Nanoseconds("EndToEnd.BareWrite"), null);
        AtLeast("generations a second", 1e9 / Nanoseconds(Ours), "", 1_500_000);
        Ratio("the same from 2 threads, a generation", "EndToEnd.AfterimageTwoThreads", "from 1 thread", Ours, null);
        Ratio("the same, Synced", "EndToEnd.AfterimageSynced", "Buffered", Ours, null);
        Ratio("the same, Synced", "EndToEnd.AfterimageSynced", "limit: bare write and fsync", "EndToEnd.BareWriteSynced", null);
        Row(
            "bytes a generation",
            "Serilog, file sink",
            Facts.Read(_facts, "bytes.Afterimage") / Facts.Read(_facts, "bytes.Serilog"),
            null,
            Facts.Read(_facts, "bytes.Afterimage"),
            Facts.Read(_facts, "bytes.Serilog"),
            Number);
        Row(
            "bytes a generation",
            "ZLogger, file",
            Facts.Read(_facts, "bytes.Afterimage") / Facts.Read(_facts, "bytes.ZLogger"),
            null,
            Facts.Read(_facts, "bytes.Afterimage"),
            Facts.Read(_facts, "bytes.ZLogger"),
            Number);
        foreach (int generations in (int[])[1, 1000])
        {
            string name = $"{generations:n0} and `FlushAsync`";
            Ratio(
                $"{name}, Buffered",
                $"FlushCost.Buffered Generations={generations}",
                "limit: bare write",
                $"FlushCost.BareWrite Generations={generations}",
                null);
            Ratio(
                $"{name}, Synced",
                $"FlushCost.Synced Generations={generations}",
                "limit: bare write and fsync",
                $"FlushCost.BareWriteSynced Generations={generations}",
                null);
            Ratio(
                $"{name}, Synced",
                $"FlushCost.Synced Generations={generations}",
                "Buffered",
                $"FlushCost.Buffered Generations={generations}",
                null);
        }
    }

    private void QueryRows()
    {
        foreach (int points in (int[])[10_000, 100_000, 1_000_000, 10_000_000])
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"`GetMetrics`, {points:n0} points");
            Ratio(name, $"Queries.GetMetrics Points={points}", "scan of a list", $"Queries.ScanList Points={points}", null);
            Ratio(
                $"{name}, 3 quantiles",
                $"Queries.GetMetricsAndQuantiles Points={points}",
                "scan and sort",
                $"Queries.ScanListAndSort Points={points}",
                null);
        }

        TimeAtMost("`GetMetrics`, 1 M points", Nanoseconds("Queries.GetMetrics Points=1000000"), 2_000);
        TimeAtMost("the same, 3 quantiles", Nanoseconds("Queries.GetMetricsAndQuantiles Points=1000000"), 50_000);
        Ratio("`GetMetrics`, 10 M points", "Queries.GetMetrics Points=10000000", "10 k points", "Queries.GetMetrics Points=10000", 2);
        Ratio(
            "the same, 3 quantiles",
            "Queries.GetMetricsAndQuantiles Points=10000000",
            "10 k points",
            "Queries.GetMetricsAndQuantiles Points=10000",
            null);
        TimeAtMost("`GetMetricsBy` of 50 models, 1 M generations", Nanoseconds("Slices.ByModel"), 1_000_000);
        Ratio("the same", "Slices.ByModel", "scan of a list", "Slices.ScanListByModel", null);
        TimeAtMost("`GetMetrics` of one tenant of 100, 1 M generations", Nanoseconds("Slices.OfOneTenant"), 1_000_000);
        TimeAtMost("`GetTimeSeries` of 120 parts, 3 quantiles each", Nanoseconds("Slices.TimeSeriesAndQuantiles"), 5_000_000);
        TimeAtMost(
            "`GetTotalTokenUsage`, 1 M generations, 50 models",
            Nanoseconds("TokenUsage.GetTotalTokenUsage Generations=1000000"),
            5_000);
        Ratio(
            "`GetTotalTokenUsage`, 1 M generations",
            "TokenUsage.GetTotalTokenUsage Generations=1000000",
            "10 k generations",
            "TokenUsage.GetTotalTokenUsage Generations=10000",
            null);
        Ratio(
            "`GetTotalTokenUsage`, 1 M generations",
            "TokenUsage.GetTotalTokenUsage Generations=1000000",
            "scan of a list",
            "TokenUsage.ScanList Generations=1000000",
            null);
        Ratio("start, one generation, end", "StartUp.Afterimage", "Serilog, file sink", "StartUp.Serilog", null);
    }

    private void MemoryRows()
    {
        AtMost("the same in a new process, ms", Facts.Read(_facts, "start.cold.ms"), "", null);
        AtMost("bytes a retained point", Facts.Read(_facts, "point.bytes"), "", 24);
        foreach (string name in (string[])["memory", "files"])
        {
            if (Facts.Read(_facts, $"resident.{name}.records") is not { } records)
                continue;
            string handlers = name == "files" ? "default handlers" : "no handler";
            AtMost(
                string.Create(CultureInfo.InvariantCulture, $"peak resident MiB, {records / 1e6:0.#} M generations, {handlers}"),
                Facts.Read(_facts, $"resident.{name}.MiB"),
                "",
                256);
            AtLeast("the same, generations a second", Facts.Read(_facts, $"resident.{name}.perSecond") ?? double.NaN, "", null);
        }
    }

    private void Ratio(string name, string ours, string peer, string peerKey, double? target) =>
        Ratio(name, ours, peer, Nanoseconds(peerKey), target);

    private void Ratio(string name, string ours, string peer, double peerTime, double? target) =>
        Row(name, peer, Nanoseconds(ours) / peerTime, target, Nanoseconds(ours), peerTime, Time);

    private static void TimeAtMost(string name, double? nanoseconds, double? limit)
    {
        if (nanoseconds is { } time && double.IsFinite(time))
            Line(name, "", "", limit is { } l ? $"≤ {Time(l)}" : "", limit is null ? "" : Verdict(time <= limit), Time(time), "");
    }

    private static void AtMost(string name, double? value, string peer, double? limit)
    {
        if (value is { } number && double.IsFinite(number))
            Line(name, peer, "", limit is { } l ? $"≤ {Number(l)}" : "", limit is null ? "" : Verdict(number <= limit), Number(number), "");
    }

    private static void AtLeast(string name, double value, string peer, double? limit)
    {
        if (double.IsFinite(value))
            Line(
                name,
                peer,
                peer.Length > 0 ? Number(value) : "",
                limit is { } l ? $"≥ {Number(l)}" : "",
                limit is null ? "" : Verdict(value >= limit),
                peer.Length > 0 ? "" : Number(value),
                "");
    }

    private static void Row(string name, string peer, double? ratio, double? target, double? ours, double? its, Func<double, string> format)
    {
        if (ratio is { } r && double.IsFinite(r))
            Line(
                name,
                peer,
                Number(r),
                target is { } t ? $"≤ {Number(t)}" : "",
                target is null ? "" : Verdict(r <= target),
                format(ours!.Value),
                format(its!.Value));
    }

    private static void Line(params string[] cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");

    private static string Verdict(bool isMet) => isMet ? "met" : "**not met**";

    private static string Number(double value) => value switch
    {
        0 => "0",
        >= 1_000 => value.ToString("n0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 0.01 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00000", CultureInfo.InvariantCulture),
    };

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        >= 1e6 => $"{Number(nanoseconds / 1e6)} ms",
        >= 1e3 => $"{Number(nanoseconds / 1e3)} µs",
        _ => $"{Number(nanoseconds)} ns",
    };

    private void ExportRows()
    {
        foreach (string format in (string[])["parquet", "csv", "json"])
        {
            string name = $"export of {Facts.Read(_facts, "export.generations") / 1e6:0.#} M generations, {format}";
            ExportRow(name, $"{format}.afterimage.seconds", "DuckDB reads the lines, COPY", $"{format}.duckdb.seconds", null);
            ExportRow(
                $"{name}, writing alone",
                $"{format}.afterimage.writing.seconds",
                "DuckDB's COPY",
                $"{format}.duckdb.writing.seconds",
                1.5);
            AtMost("the same, peak resident MiB", Facts.Read(_facts, $"export.{format}.afterimage.MiB"), "", 1024);
        }

        ExportRow("the same, Excel", "excel.afterimage.seconds", "MiniExcel bare", "excel.miniexcel.seconds", null);
        ExportRow("the same, Excel", "excel.afterimage.seconds", "SpreadCheetah bare", "excel.spreadcheetah.seconds", null);
        AtMost("the same, peak resident MiB", Facts.Read(_facts, "export.excel.afterimage.MiB"), "", 1024);
        if (Facts.Read(_facts, "export.plot.afterimage.seconds") is { } seconds)
            Line("a figure of 1 M points in memory, to the PNG", "", "", $"≤ {Time(1e9)}", Verdict(seconds <= 1), Time(seconds * 1e9), "");
        AtMost("the same, peak resident MiB", Facts.Read(_facts, "export.plot.afterimage.MiB"), "", 1024);
    }

    private void ReadingRows()
    {
        double? generations = Facts.Read(_facts, "reading.generations");
        foreach (string files in (string[])["jsonl", "parquet"])
        {
            bool isParquet = files == "parquet";
            foreach (
                (string question, string name, double target) in ((string, string, double)[])
                [
                    ("summary", "`summary`", isParquet ? 3 : 2),
                    ("p95", "p95 by model and minute", isParquet ? 1.3 : 1.5),
                ])
            {
                string key = $"reading.{files}.{question}";
                double? ours = Facts.Read(_facts, $"{key}.afterimage.seconds") * 1e9;
                double? its = Facts.Read(_facts, $"{key}.duckdb.seconds") * 1e9;
                Row(
                    $"{name}, {generations / 1e6:0.#} M generations, {files}",
                    "limit: DuckDB, only the columns asked for",
                    ours / its,
                    target,
                    ours,
                    its,
                    Time);
                AtLeast("the same, generations a second", generations * 1e9 / ours ?? double.NaN, "", null);
                AtMost("the same, peak resident MiB", Facts.Read(_facts, $"{key}.afterimage.MiB"), "", 1024);
                AtMost("the same, peak resident MiB, DuckDB", Facts.Read(_facts, $"{key}.duckdb.MiB"), "", null);
            }

            double? resume = Facts.Read(_facts, $"reading.{files}.resume.seconds") * 1e9;
            double? summary = Facts.Read(_facts, $"reading.{files}.summary.afterimage.seconds") * 1e9;
            Row(
                $"a budget's resume, {generations / 1e6:0.#} M generations, {files}",
                "`summary`",
                resume / summary,
                1,
                resume,
                summary,
                Time);
            AtMost("the same, peak resident MiB", Facts.Read(_facts, $"reading.{files}.resume.MiB"), "", 1024);
        }

        TimeAtMost($"`compact`, {generations / 1e6:0.#} M generations", Facts.Read(_facts, "reading.jsonl.compact.seconds") * 1e9, 10e9);
        AtMost("the same, peak resident MiB", Facts.Read(_facts, "reading.jsonl.compact.MiB"), "", 1024);
        double? compact = Facts.Read(_facts, "reading.jsonl.compact.seconds") * 1e9;
        double? copy = Facts.Read(_facts, "reading.jsonl.compact.duckdb.seconds") * 1e9;
        Row("the same", "DuckDB reads the lines, COPY", compact / copy, null, compact, copy, Time);
        TimeAtMost(
            $"`summary` of a directory of {Facts.Read(_facts, "reading.small.files"):#,0} files",
            Facts.Read(_facts, "reading.jsonl.open.seconds") * 1e9,
            2e9);
    }

    private void ExportRow(string name, string ours, string peer, string its, double? target)
    {
        double? time = Facts.Read(_facts, "export." + ours) * 1e9;
        double? peerTime = Facts.Read(_facts, "export." + its) * 1e9;
        Row(name, peer, time / peerTime, target, time, peerTime, Time);
    }

    private double OwnThroughput(string name) =>
        2 * Facts.Read(_facts, $"own.{name}.1") / Facts.Read(_facts, $"own.{name}.2") ?? double.NaN;

    /// <summary>The median of a case; NaN if it did not run, and its rows are left out.</summary>
    private double Nanoseconds(string key) => _nanoseconds.GetValueOrDefault(key, double.NaN);
}
