using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Afterimage.Monitoring.Server.Silencing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Server.Tests;

public sealed class RunTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Run => Path.Combine(_root.Path, "run");

    private string Records => Path.Combine(Run, "metrics.jsonl");

    public void Dispose() => _root.Dispose();

    private static string Id(JsonElement run) => run.GetProperty("id").GetString()!;

    [Fact]
    public async Task A_live_run_is_followed_to_its_end()
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(Run)))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true);
            await monitor.FlushAsync(Cancel);
            JsonElement first = await server.RunAsync(run => Log.Generations(run) == 1);
            Assert.Equal("live", first.GetProperty("state").GetString());

            monitor.TrackGeneration(TimeSpan.FromSeconds(3), false, new GenerationDetails { Error = "timeout" });
            await monitor.FlushAsync(Cancel);
            JsonElement whole = await server.UntilAsync(
                $"api/v1/runs/{Id(first)}",
                run => run.GetProperty("figures").GetProperty("generations").GetInt64() == 2);
            Assert.Equal(0.5, whole.GetProperty("figures").GetProperty("success_rate").GetDouble());
            Assert.Equal("timeout", whole.GetProperty("failures")[0].GetProperty("error").GetString());
        }

        JsonElement ended = await server.RunAsync(run => run.GetProperty("state").GetString() == "ended");
        Assert.Equal(2, Log.Generations(ended));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("?step=1", 1)]
    [InlineData("?step=20", 60)]
    [InlineData("?step=60", 60)]
    [InlineData("?step=60&window=5", 60)]
    public async Task Series_have_steps_that_are_at_least_as_wide_as_is_asked_for(string query, double width)
    {
        _root.Write("run/metrics.jsonl", Log.Line(1), Log.Line(2, duration: 3), Log.Line(40, success: false));
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);

        JsonElement run = await server.GetAsync($"api/v1/runs/{Id(await server.RunAsync())}{query}");

        JsonElement series = run.GetProperty("series");
        Assert.Equal(width, series.GetProperty("width_seconds").GetDouble());
        Assert.Equal(width == 1 ? 40 : 1, series.GetProperty("time").GetArrayLength());
        Assert.Equal(2, series.GetProperty("succeeded").EnumerateArray().Sum(value => value.GetInt32()));
    }

    [Theory]
    [InlineData("runs?sort=x", "sort must be one of name, state,")]
    [InlineData("runs?order=up", "order must be one of asc, desc.")]
    [InlineData("runs?state=dead", "state must be one of live, ended, killed.")]
    [InlineData("runs?since=x", "since must be a time")]
    [InlineData("alerts?state=dead", "state must be one of firing, resolved, run_ended.")]
    public async Task A_list_that_is_asked_for_wrongly_is_refused_with_what_is_wrong(string path, string detail)
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);

        using HttpResponseMessage response = await server.Client.GetAsync("api/v1/" + path, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(detail, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pipes_in_a_run_stop_nothing()
    {
        _root.Write("good/metrics.jsonl", Log.Line(1));
        Directory.CreateDirectory(Run);
        string[] names = ["metrics.jsonl", "alerts.jsonl", "afterimage.log", "budgets.json", "run.json"];
        foreach (string name in names)
            Need.Run(Need.Command("mkfifo"), Path.Combine(Run, name));
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);

        JsonElement list = await server.UntilAsync(
            "api/v1/runs",
            l => l.GetProperty("runs").EnumerateArray().Count(r => r.GetProperty("is_read").GetBoolean()) == 2);

        Assert.Equal([0, 1], list.GetProperty("runs").EnumerateArray().Select(Log.Generations).Order());
    }

    [Fact]
    public async Task Budgets_of_runs_before_go_when_another_begins()
    {
        GenerationMonitorOptions options = PatientMonitor.Options(Run);
        options.Budgets.Add(new Budget { Name = "old", Unit = BudgetUnit.Tokens, Limit = 100 });
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        using (new GenerationMonitor(options))
        using (new GenerationMonitor(options))
            await server.UntilAsync($"api/v1/runs/{Id(await server.RunAsync())}", run => run.GetProperty("budgets").GetArrayLength() == 2);

        using var next = new GenerationMonitor(PatientMonitor.Options(Run));

        await server.UntilAsync($"api/v1/runs/{Id(await server.RunAsync())}", run => run.GetProperty("budgets").GetArrayLength() == 0);
    }

    [Theory]
    [InlineData("step=0")]
    [InlineData("step=wide")]
    [InlineData("window=-1")]
    public async Task A_step_or_a_window_that_is_no_time_is_refused(string query)
    {
        _root.Write("run/metrics.jsonl", Log.Line(1));
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        string id = Id(await server.RunAsync());

        using HttpResponseMessage response = await server.Client.GetAsync($"api/v1/runs/{id}?{query}", Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_run_shows_what_is_left_of_its_budgets()
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        GenerationMonitorOptions options = PatientMonitor.Options(Run);
        options.Budgets.Add(new Budget { Name = "tokens", Unit = BudgetUnit.Tokens, Limit = 100, Tag = new("tenant", "acme") });
        using var monitor = new GenerationMonitor(options);
        monitor.TrackGeneration(
            TimeSpan.FromSeconds(1),
            true,
            new GenerationDetails { PromptTokenCount = 60, Tags = [new("tenant", "acme")] });

        string id = Id(await server.RunAsync(run => Log.Generations(run) == 1));
        JsonElement run = await server.UntilAsync($"api/v1/runs/{id}", run => Left(run) == 40);
        Assert.Equal(
            ("tokens", "tokens", "run", "tenant", 60m),
            (Text("name"), Text("unit"), Text("period"), Budget(run).GetProperty("tag").GetProperty("key").GetString(), Spent(run)));
        monitor.TrackGeneration(
            TimeSpan.FromSeconds(1),
            true,
            new GenerationDetails { PromptTokenCount = 60, Tags = [new("tenant", "acme")] });
        monitor.Dispose();
        JsonElement ended = await server.UntilAsync($"api/v1/runs/{id}", run => Spent(run) == 120);
        Assert.Equal(0, Left(ended));
        Assert.True(Budget(ended).GetProperty("is_spent").GetBoolean());

        string? Text(string key) => Budget(run).GetProperty(key).GetString();
        static JsonElement Budget(JsonElement run) => run.GetProperty("budgets").EnumerateArray().FirstOrDefault();
        static decimal Left(JsonElement run) => Amount(run, "remaining");
        static decimal Spent(JsonElement run) => Amount(run, "spent");
        static decimal Amount(JsonElement run, string key) =>
            Budget(run) is { ValueKind: JsonValueKind.Object } budget ? budget.GetProperty(key).GetDecimal() : -1;
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("""{"budgets":{"name":"b"}}""")]
    [InlineData("""{"budgets":[{"name":"b","unit":"souls","limit":1}]}""")]
    [InlineData("""{"budgets":[7,"b",{"name":"b","unit":"souls"}]}""")]
    [InlineData("""{"budgets":[{"limit":1}]}""")]
    [InlineData("""{"budgets":[null]}""")]
    public async Task A_file_of_budgets_that_is_none_hides_nothing_else(string content)
    {
        _root.Write("run/metrics.jsonl", Log.Line(1));
        _root.Write("run/budgets.json", content);
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);

        JsonElement run = await server.GetAsync($"api/v1/runs/{Id(await server.RunAsync())}");

        Assert.Equal(1, run.GetProperty("figures").GetProperty("generations").GetInt64());
        Assert.Empty(run.GetProperty("budgets").EnumerateArray());
    }

    [Fact]
    public async Task A_run_without_an_end_and_without_a_monitor_was_killed()
    {
        _root.Write("run/run.json", """{"format_version":1,"start":"2026-11-23T14:00:00Z","host":"elsewhere"}""");
        _root.Write("run/metrics.jsonl", Log.Line(1), "{\"timestamp\":\"20");
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);

        JsonElement run = await server.RunAsync();

        Assert.Equal("killed", run.GetProperty("state").GetString());
        Assert.Equal("elsewhere", run.GetProperty("host").GetString());
        Assert.Equal(1, Log.Generations(run));
        Assert.Equal(1, (await server.GetAsync($"api/v1/runs/{Id(run)}")).GetProperty("skipped_lines").GetInt64());
    }

    [Fact]
    public async Task A_killed_run_with_only_calls_of_before_its_start_has_no_end()
    {
        _root.Write("run/run.json", """{"format_version":1,"start":"2026-11-23T15:00:00Z","host":"elsewhere"}""");
        _root.Write("run/metrics.jsonl", Log.Line(1));
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);

        JsonElement run = await server.RunAsync();

        Assert.Equal("2026-11-23T15:00:00+00:00", run.GetProperty("start").GetString());
        Assert.False(run.TryGetProperty("end", out _));
        Assert.False(run.TryGetProperty("duration_seconds", out _));
    }

    [Fact]
    public async Task A_run_that_goes_on_has_the_start_of_the_first()
    {
        _root.Write(
            "run/run.json",
            """{"format_version":1,"start":"2026-11-23T15:00:00Z","first_start":"2026-11-23T14:00:00Z","end":"2026-11-23T16:00:00Z"}""");
        _root.Write("run/metrics.jsonl", Log.Line(1));
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);

        JsonElement run = await server.RunAsync();

        Assert.Equal("2026-11-23T14:00:00+00:00", run.GetProperty("start").GetString());
        Assert.Equal(7200, run.GetProperty("duration_seconds").GetDouble());
    }

    [Fact]
    public async Task Figures_are_those_of_the_summary()
    {
        GenerationMonitorOptions options = PatientMonitor.Options(Run);
        options.Pricing = new ModelPricing([new("gpt-4o", new ModelPrice { Input = 2.5m, Output = 10 })]);
        using (var monitor = new GenerationMonitor(options))
        {
            for (int i = 0; i < 500; i++)
            {
                monitor.TrackGeneration(TimeSpan.FromSeconds(0.1 * (i % 37)), i % 5 != 0, new GenerationDetails
                {
                    ModelName = i % 3 == 0 ? "gpt-4o" : "other",
                    PromptTokenCount = i,
                    CompletionTokenCount = 2 * i,
                    TimeToFirstToken = TimeSpan.FromSeconds(0.01 * (i % 10)),
                    Tags = [new("tenant", i % 2 == 0 ? "a" : "b")],
                });
                monitor.TrackEvaluation(
                    TimeSpan.FromSeconds(1),
                    true,
                    "judge",
                    new Dictionary<string, double> { ["quality"] = 0.01 * (i % 100) });
            }
        }

        RunSummary summary = LogDirectory.Open(Run).Summarize(Cancel);
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        JsonElement whole = await server.GetAsync($"api/v1/runs/{Id(await server.RunAsync())}");

        JsonElement figures = whole.GetProperty("figures");
        Assert.Equal(summary.Generations, figures.GetProperty("generations").GetInt64());
        Assert.Equal(summary.Evaluations, figures.GetProperty("evaluations").GetInt64());
        Assert.Equal(summary.Tokens.TotalTokens, figures.GetProperty("total_tokens").GetDouble());
        Assert.Equal((double)summary.Cost!.TotalUsd, figures.GetProperty("cost_usd").GetDouble(), 1e-9);
        Assert.Equal(summary.Cost.UnpricedTokenCount, figures.GetProperty("unpriced_tokens").GetDouble());
        Assert.Equal(summary.Metrics["success_rate"].Mean, figures.GetProperty("success_rate").GetDouble(), 1e-12);
        Assert.InRange(figures.GetProperty("p95_seconds").GetDouble() / summary.Metrics["generation_time"].P95, 0.989, 1.011);
        Assert.Equal(
            summary.Tokens.ByModel.Select(m => (m.ModelName, (double)m.TotalTokens)),
            whole.GetProperty("models").EnumerateArray()
                .Select(m => (m.GetProperty("name").GetString()!, m.GetProperty("total_tokens").GetDouble())).Order());
        Assert.Equal(
            [("tenant", "a", 250), ("tenant", "b", 250)],
            whole.GetProperty("tags").EnumerateArray()
                .Select(t => (t.GetProperty("key").GetString()!, t.GetProperty("name").GetString()!, t.GetProperty("calls").GetInt32()))
                .Order());
        Assert.Equal(
            summary.Metrics["evaluation_score_quality"].Mean,
            whole.GetProperty("scores")[0].GetProperty("mean").GetDouble(),
            1e-12);
        Assert.Equal(500, whole.GetProperty("series").GetProperty("succeeded").EnumerateArray()
            .Concat(whole.GetProperty("series").GetProperty("failed").EnumerateArray()).Sum(v => v.GetDouble()));
    }

    [Fact]
    public async Task A_file_that_is_cut_short_or_replaced_is_read_anew()
    {
        _root.Write("run/metrics.jsonl", Log.Line(1), Log.Line(2), Log.Line(3));
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        await server.RunAsync(run => Log.Generations(run) == 3);

        _root.Write("run/metrics.jsonl", Log.Line(4));
        await server.RunAsync(run => Log.Generations(run) == 1);

        _root.Write("run/metrics.jsonl", Log.Line(5), Log.Line(6), Log.Line(7), Log.Line(8));
        JsonElement last = await server.RunAsync(run => Log.Generations(run) == 4);
        Assert.Equal(60, last.GetProperty("total_tokens").GetDouble());
    }

    [Fact]
    public async Task A_live_run_whose_files_rotate_and_are_compacted_is_counted_once()
    {
        GenerationMonitorOptions options = PatientMonitor.Options(Run);
        options.LogFiles.MaxFileSize = 64 * 1024;
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        using (var monitor = new GenerationMonitor(options))
        {
            for (int round = 1; round <= 3; round++)
            {
                for (int i = 0; i < 1000; i++)
                {
                    monitor.TrackGeneration(
                        TimeSpan.FromSeconds(1),
                        true,
                        new GenerationDetails { ModelName = "gpt-4o", PromptTokenCount = 1 });

                    // A batch goes to one file, however large it is.
                    if (i % 100 == 99)
                        await monitor.FlushAsync(Cancel);
                }

                await server.RunAsync(run => Log.Generations(run) == 1000 * round);
                CompactionResult result = await LogDirectory.Open(Run).CompactAsync(cancellationToken: Cancel);
                Assert.NotEqual(0, result.CompactedFiles);
            }
        }

        JsonElement ended = await server.RunAsync(run => run.GetProperty("state").GetString() == "ended");
        Assert.Equal(3000, Log.Generations(ended));
        Assert.Equal(3000, ended.GetProperty("total_tokens").GetDouble());

        // Another server, which sees only what is there now.
        await using RunningServer other = await RunningServer.StartAsync(_root.Path);
        Assert.Equal(3000, Log.Generations(await other.RunAsync()));
    }

    [Fact]
    public async Task Runs_come_and_go()
    {
        await using RunningServer server = await RunningServer.StartAsync(Path.Combine(_root.Path, "later"));
        await server.UntilAsync(
            "api/v1/runs",
            list => list.GetProperty("is_ready").GetBoolean() && list.GetProperty("all").GetInt32() == 0);

        Log.Write(Path.Combine(_root.Path, "later", "deep", "down"), 3);
        JsonElement run = await server.RunAsync();
        Assert.Equal(Path.Combine("deep", "down"), run.GetProperty("name").GetString());

        Directory.Delete(Path.Combine(_root.Path, "later", "deep"), recursive: true);
        await server.UntilAsync("api/v1/runs", list => list.GetProperty("all").GetInt32() == 0);
        using HttpResponseMessage gone = await server.Client.GetAsync($"api/v1/runs/{Id(run)}", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Runs_are_found_sorted_and_paged()
    {
        for (int i = 1; i <= 5; i++)
            Log.Write(Path.Combine(_root.Path, $"run-{i}"), i, _ => new GenerationDetails { ModelName = "model" });
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        await server.UntilAsync(
            "api/v1/runs",
            list => list.GetProperty("runs").EnumerateArray().Count(r => r.GetProperty("is_read").GetBoolean()) == 5);

        Assert.Equal(["run-5", "run-4"], Names(await server.GetAsync("api/v1/runs?sort=generations&limit=2")));
        Assert.Equal(["run-3", "run-4"], Names(await server.GetAsync("api/v1/runs?sort=generations&order=asc&offset=2&limit=2")));
        Assert.Equal(["run-4"], Names(await server.GetAsync("api/v1/runs?text=N-4")));
        Assert.Equal(5, (await server.GetAsync("api/v1/runs?state=ended&model=model")).GetProperty("matches").GetInt32());
        Assert.Empty(Names(await server.GetAsync("api/v1/runs?state=live")));
        Assert.Empty(Names(await server.GetAsync("api/v1/runs?model=other")));
        using HttpResponseMessage bad = await server.Client.GetAsync("api/v1/runs?limit=501", Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);

        static string[] Names(JsonElement list) =>
            [.. list.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("name").GetString()!)];
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("\"other\", {0}")]
    [InlineData("*")]
    public async Task An_answer_that_the_caller_has_is_not_sent_again(string known)
    {
        Log.Write(Run, 10);
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        string path = $"api/v1/runs/{Id(await server.RunAsync())}";
        using HttpResponseMessage first = await server.Client.GetAsync(path, Cancel);

        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.Add("If-None-Match", known.Replace("{0}", first.Headers.ETag!.ToString(), StringComparison.Ordinal));
        using HttpResponseMessage second = await server.Client.SendAsync(again, Cancel);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task Calls_are_filtered_sorted_and_paged()
    {
        Log.Write(Run, 100, i => new GenerationDetails
        {
            ModelName = i % 2 == 0 ? "even" : "odd",
            PromptTokenCount = i,
            Error = i % 4 == 0 ? "Rate limit" : null,
            Tags = [new("it's \"so\"", i % 10 == 0 ? "tenth" : "other")],
            Id = $"id-{i}",
        });
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        string calls = $"api/v1/runs/{Id(await server.RunAsync())}/calls";

        Assert.Equal(100, await MatchesAsync(""));
        Assert.Equal(50, await MatchesAsync("?model=even"));
        Assert.Equal(25, await MatchesAsync("?success=false&error=rate"));
        Assert.Equal(10, await MatchesAsync($"?tag={Uri.EscapeDataString("it's \"so\"=tenth")}"));
        Assert.Equal(5, await MatchesAsync($"?success=true&model=even&tag={Uri.EscapeDataString("it's \"so\"=tenth")}"));
        Assert.Equal(20, await MatchesAsync("?min_duration=9"));
        Assert.Equal(11, await MatchesAsync("?min_tokens=10&max_tokens=20"));
        Assert.Equal(1, await MatchesAsync("?id=id-7"));
        JsonElement page = await server.GetAsync($"{calls}?sort=prompt_token_count&order=asc&offset=10&limit=3");
        int column = page.GetProperty("columns").EnumerateArray()
            .Select(c => c.GetProperty("name").GetString()).ToList().IndexOf("prompt_token_count");
        Assert.Equal([10, 11, 12], page.GetProperty("rows").EnumerateArray().Select(row => row[column].GetInt32()));
        foreach (string wrong in (string[])["?sort=tags", "?min_duration=x", "?success=perhaps", "?tag=none", "?since=once", "?limit=-1"])
        {
            using HttpResponseMessage response = await server.Client.GetAsync(calls + wrong, Cancel);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        async Task<int> MatchesAsync(string query)
        {
            JsonElement found = await server.GetAsync(calls + query);
            int matches = found.GetProperty("columns").EnumerateArray()
                .Select(c => c.GetProperty("name").GetString()).ToList().IndexOf("matches");
            return found.GetProperty("rows")[0][matches].GetInt32();
        }
    }

    [Fact]
    public async Task A_calls_evaluations_are_found_by_its_id()
    {
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(Run)))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new GenerationDetails { Id = "it's one" });
            monitor.TrackEvaluation(
                TimeSpan.FromSeconds(1),
                true,
                "judge",
                new Dictionary<string, double> { ["quality"] = 0.5 },
                new EvaluationDetails { GenerationId = "it's one" });
        }

        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        string run = $"api/v1/runs/{Id(await server.RunAsync())}";

        JsonElement found = await server.GetAsync($"{run}/evaluations?generation={Uri.EscapeDataString("it's one")}");
        Assert.Equal("judge", found.GetProperty("rows")[0][1].GetString());
        Assert.Equal(0, (await server.GetAsync($"{run}/evaluations?generation=other")).GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task A_statement_is_answered_within_its_limits()
    {
        Log.Write(Run, 20);
        await using RunningServer server = await RunningServer.StartAsync(_root.Path, options =>
        {
            options.MaxQueryRows = 5;
            options.QueryTimeLimit = TimeSpan.FromSeconds(5);
        });
        string query = $"api/v1/runs/{Id(await server.RunAsync())}/query";

        JsonElement cut = await AskAsync("SELECT duration, model_name, success, timestamp FROM generations", HttpStatusCode.OK);
        JsonElement sums = await AskAsync("SELECT sum(prompt_token_count), 1::UBIGINT FROM generations", HttpStatusCode.OK);
        JsonElement wrong = await AskAsync("SELECT nothing FROM generations", HttpStatusCode.UnprocessableEntity);
        JsonElement slow = await AskAsync(
            "SELECT count(*) FROM range(1000000000) a, range(1000000000) b",
            HttpStatusCode.UnprocessableEntity);
        await AskAsync(" ", HttpStatusCode.BadRequest);

        Assert.Equal(5, cut.GetProperty("rows").GetArrayLength());
        Assert.True(cut.GetProperty("is_cut").GetBoolean());
        Assert.Equal(
            ["number", "text", "flag", "time"],
            cut.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("kind").GetString()));
        Assert.Equal("[[2000,1]]", sums.GetProperty("rows").GetRawText());
        Assert.Contains("nothing", wrong.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("longer than 5 seconds", slow.GetProperty("detail").GetString(), StringComparison.Ordinal);

        async Task<JsonElement> AskAsync(string sql, HttpStatusCode expected)
        {
            using HttpResponseMessage response = await server.Client.PostAsJsonAsync(query, new { sql }, Cancel);
            Assert.Equal(expected, response.StatusCode);
            return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        }
    }

    [Fact]
    public async Task Runs_are_compared_as_the_command_does()
    {
        Log.Write(Path.Combine(_root.Path, "a"), 200);
        Log.Write(Path.Combine(_root.Path, "b"), 200, i => new GenerationDetails { PromptTokenCount = 100 + i });
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        JsonElement list = await server.UntilAsync("api/v1/runs?sort=name&order=asc", l => l.GetProperty("all").GetInt32() == 2);
        string ids = string.Join(',', list.GetProperty("runs").EnumerateArray().Select(Id));

        JsonElement answer = await server.GetAsync($"api/v1/compare?runs={ids}");
        RunComparison comparison = await LogDirectory.Open(Path.Combine(_root.Path, "a"))
            .CompareAsync(LogDirectory.Open(Path.Combine(_root.Path, "b")), cancellationToken: Cancel);

        Assert.Equal(comparison.Metrics.Sum(metric => metric.Figures.Count), answer.GetProperty("rows").GetArrayLength());
        JsonElement mean = answer.GetProperty("rows").EnumerateArray()
            .Single(row =>
                row.GetProperty("metric").GetString() == "prompt_token_count" && row.GetProperty("figure").GetString() == "mean");
        Assert.Equal([100.0, 199.5], mean.GetProperty("values").EnumerateArray().Select(v => v.GetDouble()));
        Assert.Equal("beyond_chance", mean.GetProperty("changes")[1].GetProperty("verdict").GetString());
        using HttpResponseMessage one = await server.Client.GetAsync($"api/v1/compare?runs={ids.Split(',')[0]}", Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, one.StatusCode);
    }

    [Fact]
    public async Task Alerts_are_shown_with_their_states()
    {
        _root.Write("run/metrics.jsonl", Log.Line(1));
        _root.Write(
            "run/alerts.jsonl",
            Alert("slow", 1, ""),
            Alert("failing", 2, ""),
            Alert("slow", 3, ",\"resolved\":true"),
            "{\"torn");
        _root.Write("run/run.json", """{"format_version":1,"start":"2026-11-23T14:00:00Z"}""");
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        await server.RunAsync(run => run.GetProperty("alerts").GetInt32() == 2);

        JsonElement all = await server.GetAsync("api/v1/alerts");
        JsonElement resolved = await server.GetAsync("api/v1/alerts?state=resolved");

        Assert.Equal(2, all.GetProperty("matches").GetInt32());
        Assert.Equal(
            [("failing", "firing"), ("slow", "resolved")],
            all.GetProperty("alerts").EnumerateArray()
                .Select(a => (a.GetProperty("name").GetString()!, a.GetProperty("state").GetString()!)));
        Assert.Equal(0.5, all.GetProperty("alerts")[0].GetProperty("data").GetProperty("threshold").GetDouble());
        Assert.Equal(1, resolved.GetProperty("matches").GetInt32());

        static string Alert(string name, int second, string more) =>
            $$"""{"timestamp":"2026-11-23T14:00:{{second:00}}Z","name":"{{name}}","level":"warning","message":"It is.","data":"""
            + $$"""{"metric":"generation_time","threshold":0.5{{more}} } }""";
    }

    [Fact]
    public async Task A_silenced_alert_does_not_count_as_firing_until_it_ends()
    {
        foreach (string run in (string[])["one", "other"])
        {
            _root.Write($"{run}/metrics.jsonl", Log.Line(1));
            _root.Write(
                $"{run}/alerts.jsonl",
                """{"timestamp":"2026-11-23T14:00:02Z","name":"slow","level":"warning","message":"It is.","data":{}}""");
            _root.Write($"{run}/run.json", """{"format_version":1,"start":"2026-11-23T14:00:00Z"}""");
        }

        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        JsonElement list = await server.UntilAsync(
            "api/v1/runs?sort=name&order=asc",
            l => l.GetProperty("runs").EnumerateArray()
                .Count(r => r.TryGetProperty("firing_alerts", out JsonElement firing) && firing.GetInt32() == 1) == 2);
        string one = Id(list.GetProperty("runs")[0]);

        Assert.Equal(HttpStatusCode.OK, await SilenceAsync(new { alert = "slow", run_id = one, seconds = 3600 }));
        Assert.Equal((1, "0 1"), await FiringAsync());
        JsonElement alert = (await server.GetAsync($"api/v1/runs/{one}")).GetProperty("alerts")[0];
        Assert.Equal("firing", alert.GetProperty("state").GetString());
        Assert.InRange(
            alert.GetProperty("silenced_until").GetDateTimeOffset(),
            DateTimeOffset.UtcNow.AddMinutes(30),
            DateTimeOffset.UtcNow.AddHours(1));

        Assert.Equal(HttpStatusCode.OK, await SilenceAsync(new { alert = "slow", seconds = 60 }));
        Assert.Equal((0, "0 0"), await FiringAsync());
        Assert.Equal(2, (await server.GetAsync("api/v1/silences")).GetProperty("silences").GetArrayLength());
        Assert.Equal(HttpStatusCode.OK, await SilenceAsync(new { alert = "slow", seconds = 0 }));
        Assert.Equal(HttpStatusCode.OK, await SilenceAsync(new { alert = "slow", run_id = one, seconds = 0 }));
        Assert.Equal((2, "1 1"), await FiringAsync());

        Assert.Equal(HttpStatusCode.NotFound, await SilenceAsync(new { alert = "slow", run_id = "none", seconds = 60 }));
        Assert.Equal(HttpStatusCode.BadRequest, await SilenceAsync(new { alert = "slow" }));
        Assert.Equal(HttpStatusCode.BadRequest, await SilenceAsync(new { alert = "slow", seconds = -1 }));
        Assert.Equal(HttpStatusCode.BadRequest, await SilenceAsync(new { alert = "slow", seconds = 31 * 86_400 }));
        Assert.Equal(HttpStatusCode.BadRequest, await SilenceAsync(new { alert = "", seconds = 60 }));

        async Task<HttpStatusCode> SilenceAsync(object body)
        {
            using HttpResponseMessage response = await server.Client.PostAsJsonAsync("api/v1/silences", body, Cancel);
            return response.StatusCode;
        }

        async Task<(int All, string ByRun)> FiringAsync()
        {
            JsonElement runs = (await server.GetAsync("api/v1/runs?sort=name&order=asc")).GetProperty("runs");
            return (
                (await server.GetAsync("api/v1/alerts")).GetProperty("firing").GetInt32(),
                string.Join(' ', runs.EnumerateArray().Select(run => run.GetProperty("firing_alerts").GetInt32())));
        }
    }

    [Fact]
    public void A_silence_ends_by_itself()
    {
        var time = new FakeTimeProvider();
        var silences = new Silences(time);
        silences.TrySet("slow", null, TimeSpan.FromMinutes(10));
        long version = silences.Version;
        time.Advance(TimeSpan.FromMinutes(9));
        Silence silence = Assert.Single(silences.All);
        Assert.Equal(version, silences.Version);

        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(time.GetUtcNow(), silence.Until);
        Assert.Empty(silences.All);
        Assert.True(silences.Version > version);
    }

    [Fact]
    public async Task The_document_of_the_api_names_every_endpoint()
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        JsonElement document = await server.GetAsync("api/v1/openapi.json");

        string[] documented =
        [
            .. document.GetProperty("paths").EnumerateObject().SelectMany(path =>
                path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}")),
        ];
        string[] mapped =
        [
            .. server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Where(e =>
                    e.RoutePattern.RawText is "/metrics" or "/healthz"
                    || e.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
                .Select(e => $"{e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]} {e.RoutePattern.RawText}"),
        ];
        Assert.Equal(mapped.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_written_below_the_root()
    {
        Log.Write(Run, 10);
        string[] before = Files();
        await using (RunningServer server = await RunningServer.StartAsync(_root.Path))
            await server.GetAsync($"api/v1/runs/{Id(await server.RunAsync())}/calls");

        Assert.Equal(before, Files());

        string[] Files() =>
        [
            .. Directory.GetFiles(_root.Path, "*", SearchOption.AllDirectories)
                .Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}").Order(StringComparer.Ordinal),
        ];
    }
}
