using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Afterimage.Monitoring.Reporting.BrowserTests;

/// <summary>The report page as people get it: in Chromium, light and dark, wide, on a telephone, and in print.</summary>
public sealed class ReportPageTests(Browser browser) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    // A run with everything that a report has a place for, under names that try to be something else.
    private async Task<string> ReportAsync()
    {
        string log = Path.Combine(_directory.Path, "log");
        GenerationMonitorOptions options = PatientMonitor.Options(log);
        options.MetricsInterval = TimeSpan.Zero;
        using (var monitor = new GenerationMonitor(options))
        {
            DateTimeOffset start = DateTimeOffset.UtcNow.AddMinutes(-4);
            for (int i = 0; i < 60; i++)
            {
                foreach (string name in (string[])[HostileNames.List[i % HostileNames.List.Count], "gpt-4o"])
                {
                    monitor.TrackGeneration(TimeSpan.FromSeconds(1 + (i % 7)), i % 3 != 0, new GenerationDetails
                    {
                        ModelName = name,
                        PromptTokenCount = 100 + i,
                        CompletionTokenCount = 10 + i,
                        TimeToFirstToken = TimeSpan.FromSeconds(0.2),
                        FinishReason = name,
                        Error = i % 3 == 0 ? name : null,
                        Timestamp = start.AddSeconds(i),
                    });
                    monitor.RecordMetric("cost_usd", 0.01, new Dictionary<string, object?> { ["model_name"] = name }, start.AddSeconds(i));
                    monitor.RecordMetric(name, i);
                    monitor.TrackEvaluation(TimeSpan.FromSeconds(1), true, name, new Dictionary<string, double> { [name] = 0.5 });
                }
            }

            monitor.CheckAlerts();
        }

        await File.AppendAllTextAsync(Path.Combine(log, "metrics.jsonl"), "{\"torn", TestContext.Current.CancellationToken);
        return await WriteAsync(log);
    }

    private async Task<string> WriteAsync(string log)
    {
        string file = Path.Combine(_directory.Path, "report.html");
        await LogDirectory.Open(log).WriteReportAsync(file, TestContext.Current.CancellationToken);
        return file;
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(360, ColorScheme.Light)]
    [InlineData(360, ColorScheme.Dark)]
    public async Task Everyone_can_read_it(int width, ColorScheme scheme)
    {
        await using OpenPage open = await browser.OpenAsync(await ReportAsync(), width, scheme);

        AxeResult result = await open.Page.RunAxe();

        Assert.Empty(result.Violations.Select(violation => $"{violation.Id}: {violation.Help}: {violation.Nodes[0].Html}"));
        Assert.NotEmpty(result.Passes);
    }

    [Fact]
    public async Task A_page_without_records_can_be_read_too()
    {
        string log = Path.Combine(_directory.Path, "empty");
        Directory.CreateDirectory(log);
        await using OpenPage open = await browser.OpenAsync(await WriteAsync(log));

        AxeResult result = await open.Page.RunAxe();

        Assert.Empty(result.Violations.Select(violation => $"{violation.Id}: {violation.Help}"));
        Assert.Equal("There are no records in this directory yet.", await open.Page.Locator("main p").InnerTextAsync());
        Assert.Empty(open.Said);
    }

    [Fact]
    public async Task It_asks_for_nothing_and_runs_nothing()
    {
        string file = await ReportAsync();
        await using OpenPage open = await browser.OpenAsync(file);

        // A loaded page that runs nothing asks for nothing later.
        Assert.Equal([new Uri(file).AbsoluteUri], open.Requests);
        Assert.Empty(open.Said);
        Assert.Equal(
            0,
            await open.Page.Locator("script, iframe, object, embed, img, link, form, [style], [onload], [onerror]").CountAsync());

        // Its own style passes the policy that it states.
        Assert.Equal(
            "collapse",
            await open.Page.Locator("table").First.EvaluateAsync<string>("table => getComputedStyle(table).borderCollapse"));
    }

    [Theory]
    [InlineData(320)]
    [InlineData(360)]
    [InlineData(768)]
    [InlineData(1280)]
    public async Task No_width_makes_the_page_scroll_sideways(int width)
    {
        await using OpenPage open = await browser.OpenAsync(await ReportAsync(), width);

        Assert.Equal(width, await open.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        Assert.Equal(
            0,
            await open.Page.EvaluateAsync<int>(
                "() => [...document.querySelectorAll('main *:not(.scroll *), header *')]"
                + ".filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).length"
            ));
    }

    [Fact]
    public async Task Names_are_on_the_page_as_they_are()
    {
        await using OpenPage open = await browser.OpenAsync(await ReportAsync());

        string[] names = await open.Page.EvaluateAsync<string[]>(
            "() => { const t = [...document.querySelectorAll('table')].find(t => t.caption.textContent.includes('tokens')); "
            + "return [...t.querySelectorAll('tbody th')].map(th => th.textContent); }"
        );

        // HTML has no NUL, what is blank is quoted, and names without an end are cut.
        string[] expected =
        [
            "gpt-4o",
            .. HostileNames.List.Select(name =>
                name.Replace('\0', '\ufffd') is var text && text.Length > 1000 ? text[..1000] + "…"
                : string.IsNullOrWhiteSpace(text) ? $"“{text}”"
                : text),
        ];
        Assert.Equal(
            expected.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            names.Where(name => name != "all").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Figures_take_the_colours_of_light_and_dark()
    {
        string file = await ReportAsync();
        const string Colours = """
            () => { const svg = document.querySelector('figure svg.wide');
                return [getComputedStyle(document.querySelector('figure')).backgroundColor,
                    getComputedStyle(svg.querySelector('text')).fill,
                    ...new Set([...svg.querySelectorAll('path')].map(path => getComputedStyle(path).stroke))]; }
            """;
        await using OpenPage light = await browser.OpenAsync(file);
        await using OpenPage dark = await browser.OpenAsync(file, scheme: ColorScheme.Dark);

        string[] inLight = await light.Page.EvaluateAsync<string[]>(Colours);
        string[] inDark = await dark.Page.EvaluateAsync<string[]>(Colours);

        Assert.Equal("rgb(255, 255, 255)", inLight[0]);
        Assert.Equal("rgb(0, 114, 178)", inLight.Single(colour => colour == "rgb(0, 114, 178)"));
        Assert.Empty(inLight.Except(["none"]).Intersect(inDark));
        await light.Page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print, ColorScheme = ColorScheme.Dark });
        Assert.Equal("rgb(255, 255, 255)", (await light.Page.EvaluateAsync<string[]>(Colours))[0]);
    }

    [Theory]
    [InlineData(1280, "wide")]
    [InlineData(360, "narrow")]
    public async Task Figures_are_drawn_for_the_width_and_say_what_they_show(int width, string shown)
    {
        await using OpenPage open = await browser.OpenAsync(await ReportAsync(), width);

        string[] visible = await open.Page.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('figure > svg')].filter(svg => svg.getBoundingClientRect().width > 0)"
            + ".map(svg => svg.getAttribute('class') + '|' + svg.getAttribute('aria-label'))"
        );
        double textSize = await open.Page.EvaluateAsync<double>(
            "() => Math.min(...[...document.querySelectorAll('figure > svg text')]"
            + ".map(text => text.getBoundingClientRect().height).filter(height => height > 0))"
        );

        Assert.Equal(11, visible.Length);
        Assert.All(visible, figure => Assert.StartsWith(shown + "|", figure, StringComparison.Ordinal));
        Assert.Contains(visible, figure => figure.Contains("Generation time. 120 points from 2", StringComparison.Ordinal));
        Assert.True(textSize >= 9, $"The smallest text is {textSize} pixels high.");
    }

    [Fact]
    public async Task It_prints_with_no_table_cut_off()
    {
        await using OpenPage open = await browser.OpenAsync(await ReportAsync());

        byte[] pdf = await open.Page.PdfAsync(new PagePdfOptions { Format = "A4" });
        await open.Page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        await open.Page.SetViewportSizeAsync(688, 1000);

        Assert.Equal("%PDF"u8, pdf.AsSpan(0, 4));
        Assert.Equal("visible", await open.Page.Locator(".scroll").First.EvaluateAsync<string>("box => getComputedStyle(box).overflowX"));
    }
}
