using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Afterimage.Monitoring.Server.Tests;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>The server's answers about a fleet, beside those about the directories that were shipped.</summary>
[Collection(ClusterTests.Name)]
public sealed class PagesTests(SharedCluster shared, ShippedRuns pair) : IClassFixture<ShippedRuns>, IDisposable
{
    // Both sides estimate quantiles within 1 %.
    private const double QuantileError = 0.021;

    private static readonly HashSet<string> OfThePlace = new(StringComparer.Ordinal)
    {
        "id", "fleet_id", "run_id", "source", "root", "as_of", "spark", "seconds", "tags",
    };

    private static readonly HashSet<string> Quantiles = new(StringComparer.Ordinal)
    {
        "p50", "p95", "p99", "p50_seconds", "p95_seconds", "p99_seconds", "first_token_p50", "first_token_p95",
        "time_to_first_token_p50", "time_to_first_token_p95",
    };

    private readonly TemporaryDirectory _root = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task Pages_of_a_fleet_show_what_pages_of_its_directories_do()
    {
        Same(await pair.Here.GetAsync("api/v1/runs?sort=name"), await pair.There.GetAsync("api/v1/runs?sort=name"), "runs");
        foreach (string run in (string[])["a", "b"])
        {
            foreach (string view in (string[])["", "?step=60"])
                Same(await pair.HereAsync(run, view), await pair.ThereAsync(run, view), run + view);
        }

        Assert.Equal(Times(await pair.HereAsync("b", "")), Times(await pair.ThereAsync("b", "")));
        Same(await pair.Here.GetAsync("api/v1/alerts"), await pair.There.GetAsync("api/v1/alerts"), "alerts");
    }

    [Fact]
    public async Task Tags_of_a_fleets_run_are_on_its_page()
    {
        JsonElement[] here = [.. (await pair.HereAsync("a", "")).GetProperty("tags").EnumerateArray()];
        JsonElement[] there = [.. (await pair.ThereAsync("a", "")).GetProperty("tags").EnumerateArray()];

        Assert.Equal((8, 8), (here.Length, there.Length));
        foreach (JsonElement group in here)
        {
            (string Key, string Name) name = (group.GetProperty("key").GetString()!, group.GetProperty("name").GetString()!);
            Same(
                group,
                there.Single(g => (g.GetProperty("key").GetString()!, g.GetProperty("name").GetString()!) == name),
                name.ToString());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("sort=duration&order=asc")]
    [InlineData("sort=error&order=asc")]
    [InlineData("sort=time_to_first_token&order=desc")]
    [InlineData("sort=completion_token_count&order=asc")]
    [InlineData("success=false&sort=model_name")]
    [InlineData("model=gpt-4o&min_duration=1.5&max_duration=4")]
    [InlineData("error='HERE'+%5C")]
    [InlineData("finish_reason=stop&tag=tenant%3Dt3")]
    [InlineData("min_tokens=1000&max_tokens=2000&sort=total_token_count")]
    [InlineData("model=nobody's+%5C+model")]
    [InlineData("id=call-1")]
    [InlineData("since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z")]
    public async Task Calls_of_a_fleets_run_are_those_of_its_directory(string query)
    {
        (string[] Order, string[] Rows, string Others) here = Calls(await pair.HereAsync("a", "/calls?limit=400&" + query));
        (string[] Order, string[] Rows, string Others) there = Calls(await pair.ThereAsync("a", "/calls?limit=400&" + query));

        Assert.Equal(here.Order, there.Order);
        Assert.Equal(here.Rows, there.Rows);
        Assert.Equal(here.Others, there.Others);

        // Rows that the sort column does not tell apart have no order.
        (string[] Order, string[] Rows, string Others) Calls(JsonElement answer)
        {
            JsonElement[] columns = [.. answer.GetProperty("columns").EnumerateArray()];
            int sorted = Array.FindIndex(columns, column => query.Contains($"sort={column.GetProperty("name")}", StringComparison.Ordinal));
            JsonElement[] rows = [.. answer.GetProperty("rows").EnumerateArray()];
            return (
                [.. rows.Select(row => row[Math.Max(0, sorted)].ToString())],
                [.. rows.Select(row => row.ToString()).Order(StringComparer.Ordinal)],
                $"{answer.GetProperty("columns")} {answer.GetProperty("is_cut")} {answer.GetProperty("skipped_lines")}");
        }
    }

    [Fact]
    public async Task A_page_of_calls_begins_where_the_one_before_ends()
    {
        JsonElement[] all = await RowsAsync("limit=400&sort=duration");
        JsonElement[] page = await RowsAsync("limit=30&offset=20&sort=duration");

        Assert.Equal(all[20..50].Select(row => row.ToString()), page.Select(row => row.ToString()));

        async Task<JsonElement[]> RowsAsync(string query) =>
            [.. (await pair.ThereAsync("a", "/calls?" + query)).GetProperty("rows").EnumerateArray()];
    }

    [Theory]
    [InlineData("sort=nothing")]
    [InlineData("min_tokens=many")]
    [InlineData("tag=none")]
    public async Task A_filter_that_is_not_valid_is_refused(string query)
    {
        using HttpResponseMessage answer = await pair.There.Client.GetAsync($"api/v1/runs/{pair.IdThere("a")}/calls?{query}", Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Evaluations_of_a_call_in_a_fleet_are_those_of_its_directory()
    {
        JsonElement there = await pair.ThereAsync("a", "/evaluations?generation=call-1");

        Same(await pair.HereAsync("a", "/evaluations?generation=call-1"), there, "evaluations");
        Assert.Equal(1, there.GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task Comparisons_of_a_fleets_runs_have_the_values_of_its_directories()
    {
        JsonElement here = await pair.Here.GetAsync($"api/v1/compare?runs={pair.IdHere("a")},{pair.IdHere("b")}");
        JsonElement there = await pair.There.GetAsync($"api/v1/compare?runs={pair.IdThere("a")},{pair.IdThere("b")}");

        Assert.Equal(
            here.GetProperty("rows").EnumerateArray().Select(Name),
            there.GetProperty("rows").EnumerateArray().Select(Name));

        static string Name(JsonElement row) =>
            $"{row.GetProperty("metric")} {row.GetProperty("figure")} {row.GetProperty("counts")} "
            + row.GetProperty("changes")[1].GetProperty("verdict");
    }

    [Fact]
    public async Task A_statement_sees_all_runs_and_changes_nothing()
    {
        JsonElement rows = await QueryAsync("SELECT uniqExact(run) AS runs, min(timestamp) AS first FROM generations", HttpStatusCode.OK);
        JsonElement refused = await QueryAsync("DROP TABLE runs", HttpStatusCode.UnprocessableEntity);

        Assert.Equal(2, rows.GetProperty("rows")[0][0].GetInt32());
        Assert.Equal(
            ["number", "time"],
            rows.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("kind").GetString()));
        Assert.Contains("must begin with SELECT", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);

        async Task<JsonElement> QueryAsync(string sql, HttpStatusCode status)
        {
            using HttpResponseMessage answer = await pair.There.Client.PostAsJsonAsync(
                $"api/v1/runs/{pair.IdThere("a")}/query",
                new { sql },
                Cancellation);
            Assert.Equal(status, answer.StatusCode);
            return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        }
    }

    [Fact]
    public async Task A_live_run_of_a_fleet_follows_its_shipper()
    {
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        await using RunningServer server = await RunningServer.StartAsync(_root.Path, o => o.Fleet = options);
        using (GenerationMonitor monitor = Recorded.Monitor(Path.Combine(_root.Path, "live")))
        {
            await RecordAsync(monitor, 20);
            JsonElement first = await server.RunAsync(run => run.GetProperty("generations").GetInt64() == 20);
            await RecordAsync(monitor, 30);
            JsonElement second = await server.RunAsync(run => run.GetProperty("generations").GetInt64() == 50);
            JsonElement document = await server.GetAsync($"api/v1/runs/{second.GetProperty("id")}?window=600");

            Assert.Equal(("live", "live"), (first.GetProperty("state").GetString(), second.GetProperty("state").GetString()));
            Assert.Equal(50, document.GetProperty("figures").GetProperty("generations").GetInt64());
            Assert.Equal("fleet", document.GetProperty("source").GetString());
        }

        await fleet.ShipAsync(_root.Path, SharedCluster.Once, null, Cancellation);
        await server.RunAsync(run => run.GetProperty("state").GetString() == "ended");

        async Task RecordAsync(GenerationMonitor monitor, int count)
        {
            Recorded.Generations(monitor, count);
            await monitor.FlushAsync(Cancellation);
            await fleet.ShipAsync(_root.Path, SharedCluster.Once, null, Cancellation);
        }
    }

    [Fact]
    public async Task Runs_of_one_name_have_names_that_differ_on_the_pages()
    {
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = fleet;
        foreach (string machine in (string[])["x", "y"])
        {
            string run = Path.Combine(_root.Path, machine, "demo");
            Recorded.Run(run, 20);
            File.WriteAllText(
                Path.Combine(run, "run.json"),
                $$"""{"format_version":1,"run_id":"{{machine}}","host":"h","start":"2026-11-23T14:00:00Z","end":"2026-11-23T15:00:00Z"}""");
            await fleet.ShipAsync(Path.Combine(_root.Path, machine), SharedCluster.Once, null, Cancellation);
        }

        await using RunningServer server = await RunningServer.StartAsync(_root.Path, o => o.Fleet = options);
        JsonElement list = await server.UntilAsync("api/v1/runs", l => l.GetProperty("all").GetInt32() == 2);

        Assert.Equal(2, list.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("name").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task Without_a_fleet_the_list_says_why_it_is_empty()
    {
        FleetOptions options = await shared.NewDatabaseAsync();
        await using RunningServer server = await RunningServer.StartAsync(_root.Path, o => o.Fleet = options);

        JsonElement list = await server.UntilAsync("api/v1/runs", l => l.TryGetProperty("trouble", out _));
        using HttpResponseMessage health = await server.Client.GetAsync("healthz", Cancellation);

        Assert.Contains("afterimage fleet init", list.GetProperty("trouble").GetString(), StringComparison.Ordinal);
        Assert.False(list.GetProperty("is_ready").GetBoolean());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);

        using var fleet = new Fleet(options);
        await fleet.InitializeAsync(Cancellation);
        await server.UntilAsync("api/v1/runs", l => l.GetProperty("is_ready").GetBoolean() && !l.TryGetProperty("trouble", out _));
    }

    private static (string? Start, double Duration) Times(JsonElement document) => (
        document.GetProperty("run").GetProperty("start").GetString(),
        document.GetProperty("run").GetProperty("duration_seconds").GetDouble());

    // A fleet knows the start of the last process of a run, a directory that of the first.
    private static bool IsOfThePlace(JsonElement holder, string name) =>
        OfThePlace.Contains(name) || (name is "start" or "duration_seconds" && holder.TryGetProperty("is_read", out _));

    private static void Same(JsonElement here, JsonElement there, string path)
    {
        Assert.Equal((path, here.ValueKind), (path, there.ValueKind));
        switch (here.ValueKind)
        {
            case JsonValueKind.Object:
                JsonProperty[] properties = [.. here.EnumerateObject().Where(p => !IsOfThePlace(here, p.Name))];
                Assert.Equal(
                    (path, string.Join(' ', properties.Select(p => p.Name).Order())),
                    (path, string.Join(' ', there.EnumerateObject().Select(p => p.Name).Where(n => !IsOfThePlace(there, n)).Order())));
                foreach (JsonProperty property in properties)
                    Same(property.Value, there.GetProperty(property.Name), $"{path}/{property.Name}");
                break;
            case JsonValueKind.Array:
                Assert.Equal((path, here.GetArrayLength()), (path, there.GetArrayLength()));
                for (int i = 0; i < here.GetArrayLength(); i++)
                    Same(here[i], there[i], $"{path}/{i}");
                break;
            case JsonValueKind.Number:
                string name = path.Split('/').Last(part => !int.TryParse(part, out _));
                double error = Math.Abs(here.GetDouble()) * (Quantiles.Contains(name) ? QuantileError : 1e-12);
                Assert.True(Math.Abs(here.GetDouble() - there.GetDouble()) <= error, $"{path}: {here} and {there}");
                break;
            default:
                Assert.Equal((path, here.ToString()), (path, there.ToString()));
                break;
        }
    }
}
