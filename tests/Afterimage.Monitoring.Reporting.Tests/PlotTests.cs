using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using ScottPlot;

namespace Afterimage.Monitoring.Reporting.Tests;

public sealed class PlotTests : IDisposable
{
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private string Log => Path.Combine(_directory.Path, "log");

    public void Dispose() => _directory.Dispose();

    private GenerationMonitor Monitor()
    {
        GenerationMonitorOptions options = PatientMonitor.Options(Log);
        options.MetricsInterval = TimeSpan.Zero;
        return new GenerationMonitor(options, _clock);
    }

    private void Record(GenerationMonitor monitor, int count, string model = "m")
    {
        for (int i = 0; i < count; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            monitor.TrackGeneration(TimeSpan.FromSeconds(1 + (i % 7)), i % 5 != 0, new GenerationDetails
            {
                ModelName = model,
                PromptTokenCount = 100 + i,
                CompletionTokenCount = 10 + i,
                TimeToFirstToken = TimeSpan.FromSeconds(0.2),
                Error = i % 5 == 0 ? "E" : null,
            });
        }
    }

    private void Pay(GenerationMonitor monitor, int count, int models = 8)
    {
        for (int i = 0; i < count; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            monitor.RecordMetric(
                "cost_usd",
                1.0 / (1 + (i % models)),
                new Dictionary<string, object?> { ["model_name"] = "m" + (i % models) });
        }
    }

    [Fact]
    public async Task All_figures_whose_data_exist_are_drawn_from_memory_and_from_the_log_alike()
    {
        using GenerationMonitor monitor = Monitor();
        Record(monitor, 30);
        IReadOnlyDictionary<string, Plot> few = monitor.VisualizeMetrics(Path.Combine(_directory.Path, "few"));
        monitor.TrackEvaluation(TimeSpan.FromSeconds(1), true, "judge", new Dictionary<string, double> { ["depth"] = 0.5 });
        Pay(monitor, 40);
        IReadOnlyDictionary<string, Plot> live = monitor.VisualizeMetrics();
        await monitor.FlushAsync(TestContext.Current.CancellationToken);
        IReadOnlyDictionary<string, Plot> read = LogDirectory
            .Open(Log)
            .VisualizeMetrics(Path.Combine(_directory.Path, "read"), cancellationToken: TestContext.Current.CancellationToken);

        string[] names =
        [
            "completion_token_count",
            "cost",
            "evaluation_scores",
            "evaluation_time",
            "generation_time",
            "latency_by_model",
            "prompt_token_count",
            "success_error_rate",
            "time_to_first_token",
            "tokens_per_second",
            "total_token_count",
        ];
        Assert.Equal(names.Except(["cost", "evaluation_scores", "evaluation_time"]), few.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(names, live.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(names, read.Keys.Order(StringComparer.Ordinal));
        foreach (string name in names)
        {
            byte[] png = await File.ReadAllBytesAsync(Path.Combine(Log, "plots", name + ".png"), TestContext.Current.CancellationToken);
            Assert.Equal(PngSignature, png[..4]);
            Assert.Equal((1200, 600), (Size(png, 16), Size(png, 20)));
            Assert.Equal(
                png,
                await File.ReadAllBytesAsync(Path.Combine(_directory.Path, "read", name + ".png"), TestContext.Current.CancellationToken));
        }

        static int Size(byte[] png, int offset) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(offset));
    }

    [Fact]
    public async Task Many_points_from_memory_and_from_the_log_make_the_same_figure()
    {
        using GenerationMonitor monitor = Monitor();
        Record(monitor, 5000);
        await monitor.FlushAsync(TestContext.Current.CancellationToken);
        LogDirectory log = LogDirectory.Open(Log);

        foreach (string metric in (string[])["generation_time", "success_rate"])
        {
            IReadOnlyList<string> live = MeanLines(monitor.PlotMetric(metric, rollingWindow: 200).GetSvgXml(1200, 800));
            IReadOnlyList<string> read = MeanLines(
                log.PlotMetric(metric, rollingWindow: 200, cancellationToken: TestContext.Current.CancellationToken).GetSvgXml(1200, 800));
            Assert.Equal(2, live.Count);
            Assert.Equal(live, read);
        }
    }

    [Fact]
    public void Cost_adds_up_by_model_and_the_cheaper_ones_are_one()
    {
        using (GenerationMonitor monitor = Monitor())
            Pay(monitor, 80);

        string svg = Draw("cost");

        foreach (string text in (string[])["Cost so far", "US dollars, cumulative", "m0 $10.00", "m4 $2.00", "3 other models $4.35"])
            Assert.Contains(text, svg, StringComparison.Ordinal);
        Assert.DoesNotContain("m5", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_does_not_cross_a_pause()
    {
        using (GenerationMonitor monitor = Monitor())
        {
            Record(monitor, 50);
            _clock.Advance(TimeSpan.FromHours(1));
            Record(monitor, 50);
        }

        // The last is the legend's.
        Assert.Equal(3, MeanLines(Draw("generation_time")).Count);
    }

    private static IReadOnlyList<string> MeanLines(string svg) =>
        [
            .. Regex
                .Matches(svg, "<path[^>]*stroke=\"#0072B2\"[^>]*stroke-width=\"2.5\"[^>]* d=\"(M\\S+ [^\"]*L[^\"]*)")
                .Select(match => match.Groups[1].Value),
        ];

    private string Draw(string figure) =>
        LogDirectory
            .Open(Log)
            .VisualizeMetrics(Path.Combine(_directory.Path, "drawn"), cancellationToken: TestContext.Current.CancellationToken)[figure]
            .GetSvgXml(1200, 600);

    [Fact]
    public void Nothing_recorded_makes_no_figure()
    {
        using GenerationMonitor monitor = Monitor();

        Assert.Empty(monitor.VisualizeMetrics());
        Assert.Contains("no data in this window", monitor.PlotMetric("nothing").GetSvgXml(600, 400), StringComparison.Ordinal);
    }

    [Fact]
    public void A_figure_says_what_it_shows_in_which_unit_and_that_time_is_utc()
    {
        using GenerationMonitor monitor = Monitor();
        Record(monitor, 30);

        string svg = monitor.PlotMetric("generation_time").GetSvgXml(1200, 800);

        foreach (string text in (string[])["Generation time", "seconds", "time (UTC), 2026-11-23", "mean of the last 10", "12:00:0"])
            Assert.Contains(text, svg, StringComparison.Ordinal);
    }

    [Fact]
    public void The_window_is_an_hour_by_default()
    {
        using GenerationMonitor monitor = Monitor();
        Record(monitor, 3);
        _clock.Advance(TimeSpan.FromMinutes(61));

        Assert.Contains("no data", monitor.PlotMetric("generation_time").GetSvgXml(600, 400), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "no data",
            monitor.PlotMetric("generation_time", TimeSpan.FromHours(2)).GetSvgXml(600, 400),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_window_of_a_log_ends_at_its_last_record()
    {
        using (GenerationMonitor monitor = Monitor())
        {
            monitor.RecordMetric("old", 1);
            _clock.Advance(TimeSpan.FromMinutes(61));
            monitor.RecordMetric("new", 1);
        }

        LogDirectory log = LogDirectory.Open(Log);

        Assert.Contains("no data", Svg("old", TimeSpan.FromHours(1)), StringComparison.Ordinal);
        Assert.DoesNotContain("no data", Svg("old", null), StringComparison.Ordinal);
        Assert.DoesNotContain("no data", Svg("new", TimeSpan.Zero), StringComparison.Ordinal);

        string Svg(string metric, TimeSpan? window) =>
            log.PlotMetric(metric, window, cancellationToken: TestContext.Current.CancellationToken).GetSvgXml(600, 400);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(2001)]
    [InlineData(200_000)]
    public void However_many_points_there_are_a_figure_has_a_few_thousand_marks(int count)
    {
        using GenerationMonitor monitor = Monitor();
        for (int i = 0; i < count; i++)
            monitor.RecordMetric("m", i % 100, timestamp: _clock.GetUtcNow().AddMilliseconds(i));

        string svg = monitor.PlotMetric("m").GetSvgXml(1200, 800);

        Assert.InRange(svg.Length, 1000, 500_000);
    }

    [Theory]
    [MemberData(nameof(HostileNames.All), MemberType = typeof(HostileNames))]
    public void Hostile_names_are_text_in_a_figure(int index)
    {
        string name = HostileNames.Of(index);
        using GenerationMonitor monitor = Monitor();
        Record(monitor, 3, name);
        monitor.RecordMetric(name, 1);

        string svg = monitor.PlotMetric(name).GetSvgXml(1200, 800);
        IReadOnlyDictionary<string, Plot> all = monitor.VisualizeMetrics();

        var document = System.Xml.Linq.XDocument.Parse(svg);
        Assert.DoesNotContain(document.Descendants(), element => element.Name.LocalName == "script");
        Assert.Equal(
            all.Keys.Select(key => key + ".png").Order(StringComparer.Ordinal),
            Directory.GetFiles(Path.Combine(Log, "plots")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        using GenerationMonitor monitor = Monitor();
        string file = _directory.Write("file");

        Assert.Throws<ArgumentException>(() => monitor.PlotMetric(""));
        Assert.Throws<ArgumentOutOfRangeException>(() => monitor.PlotMetric("m", rollingWindow: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => monitor.PlotMetric("m", TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => monitor.PlotMetric("m", figureSize: default(FigureSize)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FigureSize(double.NaN, 1));
        var exception = Assert.Throws<IOException>(() => monitor.VisualizeMetrics(file));
        Assert.Contains(file, exception.Message, StringComparison.Ordinal);
    }
}
