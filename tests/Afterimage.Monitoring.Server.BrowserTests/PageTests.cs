using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Afterimage.Monitoring.Server.BrowserTests;

/// <summary>The pages as people get them: in Chromium, light and dark, wide and on a telephone, live.</summary>
public sealed class PageTests(Browser browser) : IDisposable
{
    private static readonly string[] Views =
    [
        "./",
        "./?text=none",
        "run?id=ID",
        "run?id=none",
        "calls?run=ID",
        "calls?run=ID&model=none",
        "sql?run=ID&sql=FROM+generations+LIMIT+5",
        "sql?run=ID&sql=no",
        "compare",
        "compare?runs=ID,OTHER&all=1",
        "alerts",
    ];

    private readonly TemporaryDirectory _root = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    // Two runs with everything that a page has a place for, under names that try to be something else.
    private void WriteRuns()
    {
        foreach (string run in (string[])["first", "second"])
        {
            GenerationMonitorOptions options = PatientMonitor.Options(Path.Combine(_root.Path, run));
            options.Pricing = new ModelPricing([new("gpt-4o", new ModelPrice { Input = 2.5m, Output = 10 })]);
            using var monitor = new GenerationMonitor(options);
            DateTimeOffset start = DateTimeOffset.UtcNow.AddMinutes(-10);
            for (int i = 0; i < 120; i++)
            {
                string name = i % 2 == 0 ? "gpt-4o" : HostileNames.List[i / 2 % HostileNames.List.Count];
                monitor.TrackGeneration(TimeSpan.FromSeconds(1 + (i % 7)), i % 3 != 0, new GenerationDetails
                {
                    ModelName = name,
                    PromptTokenCount = 100 + i,
                    CompletionTokenCount = 10 + i,
                    TimeToFirstToken = TimeSpan.FromSeconds(0.2),
                    FinishReason = i % 3 == 0 ? null : "stop",
                    Error = i % 3 == 0 ? name : null,
                    Tags = [new("tenant", i % 5 == 0 ? "a" : "b")],
                    Id = $"call-{i}",
                    Timestamp = start.AddSeconds(5 * i),
                });
                monitor.TrackEvaluation(
                    TimeSpan.FromSeconds(1),
                    true,
                    "judge",
                    new Dictionary<string, double> { ["quality"] = 0.5 },
                    new EvaluationDetails { GenerationId = $"call-{i}", Timestamp = start.AddSeconds(5 * i) });
                monitor.RecordMetric("queue_length", i, timestamp: start.AddSeconds(5 * i));
            }

            monitor.LogWarning("<b>attention</b>");
            monitor.CheckAlerts();
        }
    }

    private async Task<(RunningServer Server, string[] Ids)> StartAsync()
    {
        RunningServer server = await RunningServer.StartAsync(_root.Path);
        int all = Directory.GetDirectories(_root.Path).Length;
        JsonElement list = await server.UntilAsync(
            "api/v1/runs?sort=name&order=asc",
            l => l.GetProperty("runs").EnumerateArray().Count(r => r.GetProperty("is_read").GetBoolean()) == all
                && l.GetProperty("is_ready").GetBoolean());
        return (server, [.. list.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("id").GetString()!)]);
    }

    // By the link that lets in, as people do.
    private async Task<OpenPage> OpenAsync(RunningServer server, string page, int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        Uri link = server.Services.GetRequiredService<GenerationServer>().CreateLink(server.Pages);
        OpenPage open = await browser.OpenAsync(link.AbsoluteUri, width, scheme);
        await open.Page.GotoAsync(new Uri(server.Pages, page).AbsoluteUri);
        await IsDrawnAsync(open);
        return open;
    }

    private static async Task IsDrawnAsync(OpenPage open) =>
        await open.Page.WaitForFunctionAsync(
            "() => document.querySelector('main h1') && ![...document.querySelectorAll('[role=status], .state')]"
            + ".some(e => /^(Loading|Reading|Looking|Running)/.test(e.textContent))");

    private static async Task IsAccessibleAsync(OpenPage open)
    {
        AxeResult result = await open.Page.RunAxe();
        Assert.Empty(result.Violations.Select(violation => $"{violation.Id}: {violation.Help}: {violation.Nodes[0].Html}"));
        Assert.NotEmpty(result.Passes);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(400, ColorScheme.Light)]
    [InlineData(400, ColorScheme.Dark)]
    public async Task Everyone_can_read_every_page(int width, ColorScheme scheme)
    {
        WriteRuns();
        (RunningServer server, string[] ids) = await StartAsync();
        await using (server)
        {
            await using OpenPage open = await OpenAsync(server, "./", width, scheme);
            foreach (string view in Views)
            {
                string path = view.Replace("OTHER", ids[1], StringComparison.Ordinal).Replace("ID", ids[0], StringComparison.Ordinal);
                await open.Page.GotoAsync(new Uri(server.Pages, path).AbsoluteUri);
                await IsDrawnAsync(open);

                await IsAccessibleAsync(open);
                Assert.Equal((view, width), (view, await open.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")));
            }

            Assert.All(open.Requests, url => Assert.StartsWith(server.Pages.AbsoluteUri, url, StringComparison.Ordinal));

            // Of an answer that refuses, the browser itself says so.
            Assert.DoesNotContain(open.Said, said => !said.Contains("Failed to load resource", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Without_runs_and_without_a_session_pages_say_what_to_do()
    {
        (RunningServer server, _) = await StartAsync();
        await using (server)
        {
            foreach (string page in (string[])["./", "calls", "sql", "compare", "alerts"])
            {
                await using OpenPage open = await OpenAsync(server, page, 400);
                await IsAccessibleAsync(open);
                Assert.Contains(
                    page == "alerts" ? "No run has announced an alert." : "There are no runs yet.",
                    await open.Page.InnerTextAsync("main"),
                    StringComparison.Ordinal);
            }

            await using OpenPage stranger = await browser.OpenAsync(server.Pages.AbsoluteUri);
            await IsAccessibleAsync(stranger);
            await stranger.Page.FillAsync("#key", RunningServer.Key);
            await stranger.Page.ClickAsync("button");
            await stranger.Page.WaitForSelectorAsync("text=There are no runs yet.");
        }
    }

    [Fact]
    public async Task A_page_follows_a_live_run_and_says_when_the_server_is_gone()
    {
        using var monitor = new GenerationMonitor(PatientMonitor.Options(Path.Combine(_root.Path, "live")));
        monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new GenerationDetails { ModelName = "gpt-4o" });
        await monitor.FlushAsync(Cancel);
        (RunningServer server, string[] ids) = await StartAsync();
        await using OpenPage open = await OpenAsync(server, $"run?id={ids[0]}");
        await open.Page.EvaluateAsync("() => { window.sameDocument = true; }");
        ILocator figure = open.Page.Locator(".tiles .value").First;
        Assert.Equal("1", await figure.InnerTextAsync());
        Assert.Equal("Live", await open.Page.Locator("#link").InnerTextAsync());
        await open.Page.ClickAsync("figure button >> nth=0");

        for (int i = 0; i < 41; i++)
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new GenerationDetails { ModelName = "gpt-4o" });
        await monitor.FlushAsync(Cancel);
        await Assertions.Expect(figure).ToHaveTextAsync("42", new() { Timeout = (float)Limits.Generous.TotalMilliseconds });

        // The page is the one that was opened, its chart still a table, and that up to date.
        Assert.True(await open.Page.EvaluateAsync<bool>("() => window.sameDocument"));
        int[] calls = await open.Page.EvaluateAsync<int[]>(
            "() => [...document.querySelectorAll('figure')][0].querySelectorAll('tbody td:nth-child(2)').length > 0 "
            + "? [...[...document.querySelectorAll('figure')][0].querySelectorAll('tbody td:nth-child(2)')]"
            + ".map(td => Number(td.textContent)) : []");
        Assert.Equal(42, calls.Sum());

        await server.DisposeAsync();
        await Assertions.Expect(open.Page.Locator("#link")).ToHaveTextAsync(
            "Disconnected, trying again",
            new() { Timeout = (float)Limits.Generous.TotalMilliseconds });
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(400, ColorScheme.Dark)]
    public async Task A_firing_alert_is_silenced_on_its_page(int width, ColorScheme scheme)
    {
        _root.Write("run/metrics.jsonl");
        _root.Write(
            "run/alerts.jsonl",
            """{"timestamp":"2026-11-23T14:00:02Z","name":"slow","level":"warning","message":"It is.","data":{}}""");
        _root.Write("run/run.json", """{"format_version":1,"start":"2026-11-23T14:00:00Z"}""");
        (RunningServer server, _) = await StartAsync();
        await using (server)
        {
            await using OpenPage open = await OpenAsync(server, "alerts", width, scheme);
            await IsAccessibleAsync(open);
            Assert.Equal("1 firing", await open.Page.InnerTextAsync(".lede"));

            await open.Page.SelectOptionAsync("td select", "3600");
            await open.Page.WaitForSelectorAsync("text=None firing");
            await IsAccessibleAsync(open);
            Assert.Equal("Silenced", await open.Page.InnerTextAsync("td .badge"));

            await open.Page.ClickAsync("text=End silence");
            await open.Page.WaitForSelectorAsync("text=1 firing");
            Assert.Empty(open.Said);
        }
    }

    [Fact]
    public async Task A_link_is_the_view()
    {
        WriteRuns();
        (RunningServer server, string[] ids) = await StartAsync();
        await using (server)
        {
            await using OpenPage open = await OpenAsync(server, $"run?id={ids[0]}");
            IPage page = open.Page;
            await page.CheckAsync("input[value='300']", new() { Force = true });
            await page.WaitForFunctionAsync("() => document.querySelector('.tiles .value').textContent !== '120'");
            LocatorBoundingBoxResult box = (await page.Locator(".u-over").First.BoundingBoxAsync())!;
            await page.Mouse.MoveAsync(box.X + (box.Width / 4), box.Y + 20);
            await page.Mouse.DownAsync();
            await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + 20, new() { Steps = 5 });
            await page.Mouse.UpAsync();
            await page.WaitForSelectorAsync("text=Undo zoom");
            string figure = await page.InnerTextAsync(".tiles .value >> nth=0");

            await using OpenPage again = await OpenAsync(server, new Uri(page.Url).PathAndQuery[1..]);

            Assert.Contains("window=300", page.Url, StringComparison.Ordinal);
            Assert.Contains("from=", page.Url, StringComparison.Ordinal);
            Assert.True(await again.Page.IsCheckedAsync("input[value='300']"));
            Assert.Equal(figure, await again.Page.InnerTextAsync(".tiles .value >> nth=0"));
            Assert.True(await again.Page.IsVisibleAsync("text=Undo zoom"));
        }
    }

    [Fact]
    public async Task Lists_are_sorted_filtered_and_looked_into_by_keyboard()
    {
        WriteRuns();
        (RunningServer server, string[] ids) = await StartAsync();
        await using (server)
        {
            await using OpenPage runs = await OpenAsync(server, "./");
            await runs.Page.FocusAsync("button[data-key=name]");
            await runs.Page.Keyboard.PressAsync("Enter");
            await runs.Page.WaitForSelectorAsync("th[aria-sort=descending]");
            Assert.Equal("second", await runs.Page.InnerTextAsync("tbody tr:first-child a"));
            Assert.Equal("name", await runs.Page.EvaluateAsync<string>("() => document.activeElement.dataset.key"));
            await runs.Page.FillAsync("#text", "fir");
            await runs.Page.WaitForFunctionAsync("() => document.querySelectorAll('tbody tr').length === 1");

            await using OpenPage calls = await OpenAsync(server, $"calls?run={ids[0]}&success=false");
            Assert.Equal("40 calls", await calls.Page.InnerTextAsync("p[role=status]"));
            await calls.Page.FocusAsync("tbody tr:first-child button");
            await calls.Page.Keyboard.PressAsync("Enter");
            await calls.Page.WaitForSelectorAsync("dialog .judged li");
            await IsAccessibleAsync(calls);
            Assert.Contains("quality", await calls.Page.InnerTextAsync("dialog .judged"), StringComparison.Ordinal);
            await calls.Page.Keyboard.PressAsync("Escape");
            await calls.Page.WaitForSelectorAsync("dialog", new() { State = WaitForSelectorState.Detached });
        }
    }

    [Fact]
    public async Task A_statement_becomes_a_table_a_chart_and_a_file()
    {
        WriteRuns();
        (RunningServer server, string[] ids) = await StartAsync();
        await using (server)
        {
            await using OpenPage open = await OpenAsync(server, $"sql?run={ids[0]}");
            await open.Page.ClickAsync("text=Calls a minute");
            await open.Page.WaitForSelectorAsync("#result figure canvas");
            await open.Page.ClickAsync("summary >> nth=0");
            await open.Page.WaitForSelectorAsync("details li >> text=model_name");
            await IsAccessibleAsync(open);
            IDownload file = await open.Page.RunAndWaitForDownloadAsync(() => open.Page.ClickAsync("text=CSV"));
            Assert.StartsWith(
                "minute,calls,failed\r\n",
                await File.ReadAllTextAsync((await file.PathAsync())!, Cancel),
                StringComparison.Ordinal);
        }
    }

    /// <summary>The picture of the README: with AFTERIMAGE_PICTURES=1 it is put where that looks for it.</summary>
    [Fact]
    public async Task The_run_of_the_demo_makes_the_picture_of_the_readme()
    {
        string[] arguments =
            [Path.Combine(AppContext.BaseDirectory, "afterimage.dll"), "demo", "--log-dir", Path.Combine(_root.Path, "demo"), "--json"];
        using (Process demo = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!)
        {
            _ = demo.StandardError.ReadToEndAsync(Cancel);
            await demo.StandardOutput.ReadToEndAsync(Cancel);
            await demo.WaitForExitAsync(Cancel);
            Assert.Equal(0, demo.ExitCode);
        }

        (RunningServer server, string[] ids) = await StartAsync();
        await using (server)
        {
            await using OpenPage open = await OpenAsync(server, $"run?id={ids[0]}");
            await open.Page.WaitForFunctionAsync("() => document.querySelectorAll('figure canvas').length === 6");
            byte[] picture = await open.Page.ScreenshotAsync();
            if (Environment.GetEnvironmentVariable("AFTERIMAGE_PICTURES") == "1")
                await File.WriteAllBytesAsync(Path.Combine(Repository(), "docs", "images", "serve.png"), picture, Cancel);
            Assert.Equal("\u0089PNG", System.Text.Encoding.Latin1.GetString(picture, 0, 4));
        }
    }

    private static string Repository([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));
}
