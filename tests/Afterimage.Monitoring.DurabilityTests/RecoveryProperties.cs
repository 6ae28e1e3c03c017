using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Afterimage.Monitoring.DurabilityTests.Support;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>A file that ends anywhere, and a new monitor that goes on with it.</summary>
public sealed class RecoveryProperties
{
    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Each byte, because readers are at their most inventive behind certain ones: DuckDB takes a line break behind a colon for white space.
    [Fact]
    public void A_line_cut_at_any_byte_costs_no_other_line()
    {
        const string Line = """{"timestamp":"2026-11-23T14:25:38Z","event":"generation","duration":1,"success":true,"tags":{"a":"b"}}""";
        using var directory = new TemporaryDirectory();
        for (int cut = 1; cut < Line.Length; cut++)
            File.WriteAllText(
                Path.Combine(Directory.CreateDirectory(Path.Combine(directory.Path, $"{cut}")).FullName, "metrics.jsonl"),
                Line[..cut]);

        for (int cut = 1; cut < Line.Length; cut++)
        {
            using var monitor = new GenerationMonitor(MonitorUse.In(Path.Combine(directory.Path, $"{cut}")));
            monitor.Record("new", 1, 3);
        }

        RunSummary summary = LogDirectory.Open(directory.Path).Summarize(Limits.Token);
        Assert.Equal((3 * (Line.Length - 1), Line.Length - 1), (summary.Generations, summary.SkippedLines));
    }

    [Property(MaxTest = 60)]
    public void Every_whole_line_is_read_and_exactly_the_torn_one_counted(
        FsCheck.NonNegativeInt seed,
        FsCheck.NonEmptyArray<FsCheck.NonNull<string>> texts,
        FsCheck.PositiveInt more)
    {
        var random = new Random(seed.Get);
        string[] lines = [.. texts.Get.Select((text, i) => Line(i, text.Get, random))];
        byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
        int cut = random.Next(bytes.Length + 1);
        string[] whole = [.. lines.Take(bytes.AsSpan(0, cut).Count((byte)'\n'))];
        int rest = cut - whole.Sum(line => Encoding.UTF8.GetByteCount(line) + 1);

        // A line that lacks nothing but its end is a line.
        if (rest > 0 && rest == Encoding.UTF8.GetByteCount(lines[whole.Length]))
        {
            whole = lines[..(whole.Length + 1)];
            rest = 0;
        }

        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(Path.Combine(directory.Path, "metrics.jsonl"), bytes[..cut]);
        int added = Math.Min(more.Get, 100);
        using (var monitor = new GenerationMonitor(MonitorUse.In(directory.Path)))
            monitor.Record("new", 1, added);

        RunSummary summary = LogDirectory.Open(directory.Path).Summarize();
        Assert.Equal(rest > 0 ? 1 : 0, summary.SkippedLines);
        Assert.Equal(added + whole.Count(line => line.Contains("\"generation\"", StringComparison.Ordinal)), summary.Generations);
        Assert.Equal(whole.Count(line => line.Contains("\"evaluation\"", StringComparison.Ordinal)), summary.Evaluations);
        Assert.Equal(
            whole.Count(line => line.Contains("\"metric\"", StringComparison.Ordinal)),
            summary.Metrics.GetValueOrDefault("mine")?.Count ?? 0);
        Assert.Equal(bytes[..cut], File.ReadAllBytes(Path.Combine(directory.Path, "metrics.jsonl"))[..cut]);
    }

    // Texts of every kind, also ones that take several bytes a character, which the cut may go through.
    private static string Line(int number, string text, Random random)
    {
        object line = random.Next(3) switch
        {
            0 => new
            {
                timestamp = "2026-11-23T14:25:38Z",
                @event = "generation",
                duration = number / 8.0,
                success = true,
                error = text,
            },
            1 => new
            {
                timestamp = "2026-11-23T14:25:38Z",
                @event = "evaluation",
                duration = 1,
                success = false,
                evaluator_type = "e",
                feedback = new { a = text },
            },
            _ => (object)
                new
                {
                    timestamp = "2026-11-23T14:25:38Z",
                    @event = "metric",
                    metric_name = "mine",
                    value = number,
                    metadata = new { text },
                },
        };
        return JsonSerializer.Serialize(line, Unescaped);
    }
}
