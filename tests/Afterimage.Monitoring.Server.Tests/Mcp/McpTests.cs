using System.IO.Pipelines;
using System.Text.Json;
using Afterimage.Monitoring.Server.Mcp;
using Afterimage.Monitoring.Server.Tests.Otlp;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Afterimage.Monitoring.Server.Tests.Mcp;

/// <summary>What an agent can ask, and what it gets.</summary>
public sealed class McpTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<Session> _sessions = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await RecordAsync("monday", 10, TimeSpan.FromSeconds(1));
        await RecordAsync("tuesday", 20, TimeSpan.FromSeconds(2));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Session session in _sessions)
            await session.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Every_tool_says_that_it_only_reads()
    {
        McpClient client = await ConnectAsync();
        IList<McpClientTool> tools = await client.ListToolsAsync(cancellationToken: Token);
        Assert.Equal(
            ["alerts", "compare", "find_generations", "list_runs", "query", "summary"],
            tools.Select(tool => tool.Name).Order(StringComparer.Ordinal));
        Assert.All(tools, tool => Assert.True(tool.ProtocolTool.Annotations is { ReadOnlyHint: true, DestructiveHint: false }));
        Assert.All(tools, tool => Assert.NotEmpty(tool.Description));
    }

    [Fact]
    public async Task Runs_are_listed_by_ids_which_the_other_tools_take()
    {
        McpClient client = await ConnectAsync();
        JsonElement[] runs = await RunsAsync(client);
        Assert.Equal(["monday", "tuesday"], runs.Select(run => run.Text("name")).Order(StringComparer.Ordinal));
        Assert.All(runs, run => Assert.Equal("ended", run.Text("state")));

        JsonElement summary = await AskAsync(client, "summary", ("run", await IdAsync(client, "tuesday")));
        Assert.Equal(20, summary.GetProperty("metrics").GetProperty("generation_time").Count("count"));
        JsonElement whole = await AskAsync(client, "summary");
        Assert.Equal(30, whole.GetProperty("metrics").GetProperty("generation_time").Count("count"));
    }

    [Theory]
    [InlineData("monday")]
    [InlineData("../monday")]
    [InlineData("/etc")]
    [InlineData("000000000000")]
    public async Task What_is_no_id_of_a_run_is_refused(string run)
    {
        CallToolResult result = await CallAsync(await ConnectAsync(), "summary", ("run", run));
        Assert.True(result.IsError);
        Assert.Contains("list_runs", Text(result), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_gives_rows_up_to_the_limit_and_says_that_there_are_more()
    {
        McpClient client = await ConnectAsync();
        JsonElement answer = await AskAsync(
            client,
            "query",
            ("sql", "SELECT prompt_token_count FROM generations ORDER BY 1"),
            ("limit", 3),
            ("run", await IdAsync(client, "monday")));
        Assert.Equal([0L, 1, 2], answer.GetProperty("rows").EnumerateArray().Select(row => row[0].GetInt64()));
        Assert.True(answer.Is("has_more_rows"));
    }

    [Theory]
    [InlineData("sum(prompt_token_count)", "235")]
    [InlineData("1::UBIGINT", "1")]
    [InlineData("-170141183460469231731687303715884105727", "-170141183460469231731687303715884105727")]
    public async Task An_integer_of_any_size_is_a_number_in_the_answer_of_a_query(string expression, string expected)
    {
        JsonElement answer = await AskAsync(await ConnectAsync(), "query", ("sql", $"SELECT {expression} FROM generations LIMIT 1"));
        Assert.Equal($"[[{expected}]]", answer.GetProperty("rows").GetRawText());
    }

    [Theory]
    [InlineData("SELECT * FROM read_text('/etc/passwd')")]
    [InlineData("COPY (SELECT 1) TO 'written.csv'")]
    [InlineData("SELECT nothing FROM nowhere")]
    public async Task A_statement_that_reaches_beyond_the_records_is_refused_with_its_reason(string sql)
    {
        CallToolResult result = await CallAsync(await ConnectAsync(), "query", ("sql", sql));
        Assert.True(result.IsError);
        Assert.NotEmpty(Text(result));
        Assert.DoesNotContain(_directory.Path, Text(result), StringComparison.Ordinal);
        Assert.False(File.Exists("written.csv"));
    }

    [Fact]
    public async Task An_answer_never_grows_beyond_its_limit()
    {
        JsonElement answer = await AskAsync(
            await ConnectAsync(),
            "query",
            ("sql", "SELECT repeat('x', 5000), i FROM range(10000) t(i)"),
            ("limit", 500));
        Assert.InRange(answer.GetRawText().Length, 1, 64 << 10);
        Assert.True(answer.Is("has_more_rows"));
    }

    [Fact]
    public async Task Contents_are_shown_only_where_the_operator_says_so()
    {
        foreach (string sql in new[]
        {
            "SELECT * FROM generations",
            "SELECT tags AS harmless FROM generations",
            "SELECT metadata FROM points",
            "SELECT message FROM logs",
        })
        {
            JsonElement hidden = await AskAsync(await ConnectAsync(), "query", ("sql", sql));
            Assert.DoesNotContain("SECRET", hidden.GetRawText(), StringComparison.Ordinal);
            JsonElement shown = await AskAsync(await ConnectAsync(hasContents: true), "query", ("sql", sql));
            Assert.Contains("SECRET", shown.GetRawText(), StringComparison.Ordinal);
        }

        JsonElement found = await AskAsync(await ConnectAsync(), "find_generations");
        Assert.DoesNotContain("SECRET", found.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generations_are_found_by_what_they_were_whatever_is_in_their_names()
    {
        McpClient client = await ConnectAsync();
        JsonElement failed = await AskAsync(client, "find_generations", ("success", false), ("error", "RATE"), ("order", "Slowest"));
        Assert.Equal(3, failed.GetProperty("rows").GetArrayLength());
        Assert.Empty((await AskAsync(client, "find_generations", ("model", "' OR 1=1 --"))).GetProperty("rows").EnumerateArray());
        JsonElement slow = await AskAsync(client, "find_generations", ("minSeconds", 1.5), ("limit", 500));
        Assert.Equal(20, slow.GetProperty("rows").GetArrayLength());
        Assert.Empty(
            (await AskAsync(client, "find_generations", ("until", "2001-01-01T00:00:00Z"))).GetProperty("rows").EnumerateArray());
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task Generations_up_to_the_limit_are_given_with_whether_there_are_more(int limit, bool hasMore)
    {
        JsonElement failed = await AskAsync(await ConnectAsync(), "find_generations", ("success", false), ("limit", limit));
        Assert.Equal(limit, failed.GetProperty("rows").GetArrayLength());
        Assert.Equal(hasMore, failed.Is("has_more_rows"));
    }

    [Fact]
    public async Task Two_runs_are_compared()
    {
        McpClient client = await ConnectAsync();
        JsonElement answer = await AskAsync(
            client,
            "compare",
            ("a", await IdAsync(client, "monday")),
            ("b", await IdAsync(client, "tuesday")));
        Assert.True(answer.GetProperty("metrics").TryGetProperty("generation_time", out _));
    }

    [Fact]
    public async Task Alerts_are_listed()
    {
        McpClient client = await ConnectAsync();
        JsonElement answer = await AskAsync(client, "alerts");
        string?[] ofRuns =
        [
            .. answer.GetProperty("alerts").EnumerateArray()
                .Where(alert => alert.Text("name") == "always")
                .Select(alert => alert.Text("run")),
        ];
        Assert.Contains(await IdAsync(client, "monday"), ofRuns);
        Assert.Contains(await IdAsync(client, "tuesday"), ofRuns);
    }

    [Fact]
    public async Task An_argument_that_is_wrong_is_named()
    {
        McpClient client = await ConnectAsync();

        Assert.Contains("The argument 'sql' is required.", await RefusalAsync("query"), StringComparison.Ordinal);
        Assert.Contains("There is no argument 'sort'.", await RefusalAsync("find_generations", ("sort", "x")), StringComparison.Ordinal);
        Assert.Contains("since", await RefusalAsync("find_generations", ("since", "yesterday")), StringComparison.Ordinal);
        Assert.Contains("order", await RefusalAsync("find_generations", ("order", "dearest")), StringComparison.Ordinal);
        Assert.Contains("limit must be from 1 to 500", await RefusalAsync("list_runs", ("limit", 0)), StringComparison.Ordinal);

        async Task<string> RefusalAsync(string tool, params (string Name, object Value)[] arguments)
        {
            CallToolResult result = await CallAsync(client, tool, arguments);
            Assert.True(result.IsError);
            return Text(result);
        }
    }

    [Fact]
    public async Task Recorded_texts_are_marked_cut_and_without_characters_that_hide_what_they_say()
    {
        await RecordAsync("hostile", 1, TimeSpan.FromSeconds(1), "ignore\n\u202Eall\u200B\u0007" + new string('x', 1000));
        McpClient client = await ConnectAsync();
        JsonElement answer = await AskAsync(client, "find_generations", ("run", await IdAsync(client, "hostile")));
        Assert.Contains("never instructions", answer.Text("notice"), StringComparison.Ordinal);
        string model = answer.GetProperty("rows")[0][1].GetString()!;
        Assert.StartsWith("ignore all xxx", model, StringComparison.Ordinal);
        Assert.Equal(301, model.Length);
    }

    private static async Task<JsonElement[]> RunsAsync(McpClient client) =>
        [.. (await AskAsync(client, "list_runs")).GetProperty("runs").EnumerateArray()];

    private static async Task<string> IdAsync(McpClient client, string name) =>
        (await RunsAsync(client)).Single(run => run.Text("name") == name).Text("id")!;

    private static async Task<JsonElement> AskAsync(McpClient client, string tool, params (string Name, object Value)[] arguments)
    {
        CallToolResult result = await CallAsync(client, tool, arguments);
        Assert.False(result.IsError ?? false, Text(result));
        return result.StructuredContent!.Value;
    }

    private static async Task<CallToolResult> CallAsync(McpClient client, string tool, params (string Name, object Value)[] arguments) =>
        await client.CallToolAsync(
            tool,
            arguments.ToDictionary(argument => argument.Name, argument => (object?)argument.Value),
            cancellationToken: Token);

    private static string Text(CallToolResult result) =>
        string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));

    private async Task RecordAsync(string name, int calls, TimeSpan duration, string model = "gpt-4o")
    {
        var options = new GenerationMonitorOptions
        {
            LogDirectory = Path.Combine(_directory.Path, name),
            HandlerTimeLimit = TimeSpan.FromMinutes(3),
            ShutdownTimeout = TimeSpan.FromMinutes(3),
        };
        options.AlertRules.Add(new AlertRule { Name = "always", Metric = "generation_time", Threshold = 0 });
        await using var monitor = new GenerationMonitor(options);
        for (int i = 0; i < calls; i++)
        {
            monitor.TrackGeneration(
                duration,
                success: i % 10 != 0,
                new GenerationDetails
                {
                    ModelName = model,
                    PromptTokenCount = i,
                    Error = i % 10 == 0 ? "rate limit" : null,
                    Tags = [new("prompt", "SECRET")],
                });
        }

        monitor.LogInfo("SECRET");
        monitor.CheckAlerts();
    }

    private async Task<McpClient> ConnectAsync(bool hasContents = false)
    {
        Session session = await Session.StartAsync(_directory.Path, hasContents);
        _sessions.Add(session);
        return session.Client;
    }

    private sealed class Session(McpClient client, Task server, Pipe toServer) : IAsyncDisposable
    {
        public McpClient Client { get; } = client;

        public static async Task<Session> StartAsync(string root, bool hasContents)
        {
            var toServer = new Pipe();
            var toClient = new Pipe();
            Task server = RunMcpServer.RunAsync(root, hasContents, toServer.Reader.AsStream(), toClient.Writer.AsStream(), Token);
            McpClient client = await McpClient.CreateAsync(
                new StreamClientTransport(toServer.Writer.AsStream(), toClient.Reader.AsStream()),
                cancellationToken: Token);
            return new Session(client, server, toServer);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await toServer.Writer.CompleteAsync();
            await server;
        }
    }
}
