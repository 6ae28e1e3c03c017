using System.ClientModel;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>Chats over HTTP, through the OpenAI client.</summary>
public sealed class ChatTests : IAsyncLifetime
{
    private static readonly ChatMessage[] Question =
    [
        new(ChatRole.System, "secret rule"),
        new(ChatRole.User, "secret question"),
        new(ChatRole.Assistant, "secret reply"),
        new(ChatRole.User, "secret follow-up"),
    ];

    private MonitoredServer _run = null!;

    public async ValueTask InitializeAsync() => _run = await MonitoredServer.StartAsync();

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_is_one_record_with_everything_that_the_provider_said(bool streams)
    {
        using IChatClient client = _run.Client();

        await AskAsync(client, streams);

        JsonElement record = Assert.Single(_run.Records());
        Assert.True(record.GetProperty("success").GetBoolean());
        Assert.Equal(LoopbackServer.AnsweringModel, record.GetProperty("model_name").GetString());
        Assert.Equal("openai", record.GetProperty("provider").GetString());
        Assert.Equal("chat", record.GetProperty("operation").GetString());
        Assert.Equal("stop", record.GetProperty("finish_reason").GetString());
        Assert.Equal(2, record.GetProperty("conversation_length").GetInt32());
        Assert.Equal(_run.Server.PromptTokens, record.GetProperty("prompt_token_count").GetInt64());
        Assert.Equal(_run.Server.CompletionTokens, record.GetProperty("completion_token_count").GetInt64());
        Assert.Equal(_run.Server.PromptTokens + _run.Server.CompletionTokens, record.GetProperty("total_token_count").GetInt64());
        Assert.Equal(2, record.GetProperty("cached_prompt_token_count").GetInt64());
        Assert.Equal(1, record.GetProperty("reasoning_token_count").GetInt64());
        Assert.False(record.TryGetProperty("error", out _));
        JsonElement tags = record.GetProperty("tags");
        Assert.Equal("gpt-4o", tags.GetProperty("gen_ai.request.model").GetString());
        Assert.Equal("127.0.0.1", tags.GetProperty("server.address").GetString());
        Assert.Equal(_run.Server.Endpoint.Port, tags.GetProperty("server.port").GetInt32());
        Assert.Equal(streams, record.TryGetProperty("time_to_first_token", out _));
        Assert.Equal(streams, tags.TryGetProperty("time_per_output_chunk", out _));
        Assert.False(tags.TryGetProperty("tool_call_count", out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Contents_are_recorded_only_where_they_are_asked_for(bool streams)
    {
        using IChatClient discreet = _run.Client();
        using IChatClient refused = _run.Client("400");
        using IChatClient open = _run.Client(configure: options => options.RecordContents = true);

        await AskAsync(discreet, streams);
        await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(refused, streams));
        await AskAsync(open, streams);

        List<JsonElement> records = _run.Records();
        Assert.DoesNotContain("secret", records[0].GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", records[1].GetRawText(), StringComparison.Ordinal);
        JsonElement tags = records[2].GetProperty("tags");
        Assert.Equal(
            """[{"role":"system","content":"secret rule"},{"role":"user","content":"secret question"}"""
                + """,{"role":"assistant","content":"secret reply"},{"role":"user","content":"secret follow-up"}]""",
            tags.GetProperty("gen_ai.input.messages").GetString());
        Assert.Equal("""[{"role":"assistant","content":"secret answer"}]""", tags.GetProperty("gen_ai.output.messages").GetString());
    }

    [Theory]
    [InlineData("400", false)]
    [InlineData("401", false)]
    [InlineData("429", false)]
    [InlineData("500", false)]
    [InlineData("400", true)]
    [InlineData("401", true)]
    [InlineData("429", true)]
    [InlineData("500", true)]
    public async Task An_error_of_the_server_is_recorded_and_passed_on(string status, bool streams)
    {
        using IChatClient client = _run.Client(status);

        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(client, streams));

        Assert.Equal(status, $"{error.Status}");
        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.GetProperty("success").GetBoolean());
        Assert.Equal(status, record.GetProperty("error").GetString());
        Assert.Equal(status, record.GetProperty("tags").GetProperty("error.type").GetString());
        Assert.Equal(status, record.GetProperty("model_name").GetString());
        Assert.False(record.TryGetProperty("prompt_token_count", out _));
    }

    [Fact]
    public async Task An_error_is_named_by_its_type_and_told_in_full_only_where_contents_are_asked_for()
    {
        using IChatClient discreet = _run.Client("500");
        using IChatClient open = _run.Client("500", configure: options => options.RecordContents = true);

        await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(discreet, streams: false));
        await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(open, streams: false));

        List<JsonElement> records = _run.Records();
        Assert.Equal("500", records[0].GetProperty("error").GetString());
        Assert.Contains("secret prompt refused", records[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.All(
            records,
            r => Assert.Equal("500", r.GetProperty("tags").GetProperty("error.type").GetString()));
    }

    [Theory]
    [InlineData("hang", false)]
    [InlineData("hang", true)]
    public async Task A_time_out_is_an_error(string model, bool streams)
    {
        using IChatClient client = _run.Client(model, timeout: TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<Exception>(() => AskAsync(client, streams));

        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.GetProperty("success").GetBoolean());
        Assert.True(record.TryGetProperty("error", out _));
        Assert.False(record.TryGetProperty("finish_reason", out _));
    }

    [Theory]
    [InlineData("hang", false)]
    [InlineData("hang", true)]
    [InlineData("stall", true)]
    public async Task A_cancellation_is_neither_success_nor_error(string model, bool streams)
    {
        using IChatClient client = _run.Client(model);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(MonitoredServer.Token);

        Task asking = AskAsync(client, streams, cancellation.Token);
        await _run.Server.StandsStill.Task.WaitAsync(MonitoredServer.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        Assert.Equal(0, _run.Monitor.GetMetrics("success_rate").Sum);
        Assert.Equal(0, _run.Monitor.GetMetrics("error_rate").Sum);
        JsonElement record = Assert.Single(_run.Records());
        Assert.Equal("cancelled", record.GetProperty("finish_reason").GetString());
        Assert.False(record.TryGetProperty("error", out _));
    }

    [Fact]
    public async Task A_stream_that_breaks_half_way_is_one_error_with_what_came_before()
    {
        using IChatClient client = _run.Client("broken", configure: options => options.RecordContents = true);

        string text = "";
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (
                ChatResponseUpdate update in client.GetStreamingResponseAsync(Question, cancellationToken: MonitoredServer.Token))
            {
                text += update.Text;
                if (text == "secret answer")
                    _run.Server.Break.TrySetResult();
            }
        });

        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.GetProperty("success").GetBoolean());
        Assert.True(record.TryGetProperty("error", out _));
        Assert.False(record.TryGetProperty("finish_reason", out _));
        Assert.Equal(LoopbackServer.AnsweringModel, record.GetProperty("model_name").GetString());
        Assert.True(record.TryGetProperty("time_to_first_token", out _));
        Assert.Equal(
            """[{"role":"assistant","content":"secret answer"}]""",
            record.GetProperty("tags").GetProperty("gen_ai.output.messages").GetString());
    }

    [Fact]
    public async Task A_stream_that_breaks_at_once_is_one_error()
    {
        using IChatClient client = _run.Client("broken-at-once");

        await Assert.ThrowsAnyAsync<Exception>(() => AskAsync(client, streams: true));

        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.GetProperty("success").GetBoolean());
        Assert.True(record.TryGetProperty("error", out _));
        Assert.False(record.TryGetProperty("time_to_first_token", out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_stream_that_is_left_is_recorded_once_as_abandoned(int chunks)
    {
        using IChatClient client = _run.Client("stall");

        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(Question, cancellationToken: MonitoredServer.Token))
        {
            if (--chunks == 0)
                break;
        }

        Assert.Equal(0, _run.Monitor.GetMetrics("error_rate").Sum);
        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.GetProperty("success").GetBoolean());
        Assert.Equal("abandoned", record.GetProperty("finish_reason").GetString());
        Assert.Equal(LoopbackServer.AnsweringModel, record.GetProperty("model_name").GetString());
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_is_no_call_and_one_that_is_read_twice_is_two()
    {
        using IChatClient client = _run.Client();

        IAsyncEnumerable<ChatResponseUpdate> stream = client.GetStreamingResponseAsync(Question, cancellationToken: MonitoredServer.Token);
        Assert.Equal(0, _run.Monitor.GetMetrics("generation_time").Count);
        for (int i = 0; i < 2; i++)
        {
            await foreach (ChatResponseUpdate update in stream)
            {
            }
        }

        Assert.Equal(2, _run.Server.Requests);
        Assert.Equal(2, _run.Monitor.GetMetrics("generation_time").Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Numbers_of_32_parallel_callers_agree_with_what_the_server_counted(bool streams)
    {
        const int Callers = 32;
        const int CallsEach = 15;
        string[] models = ["gpt-4o", "gpt-4o", "400", "gpt-4o", "401", "gpt-4o", "429", "gpt-4o", "500"];
        Dictionary<string, IChatClient> clients = models
            .Distinct()
            .ToDictionary(m => m, m => _run.Client(m));

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (int call = 0; call < CallsEach; call++)
            {
                try
                {
                    await AskAsync(clients[models[(caller + call) % models.Length]], streams);
                }
                catch (ClientResultException)
                {
                    // The server counts it.
                }
            }
        })));

        Assert.Equal(Callers * CallsEach, _run.Server.Requests);
        MetricAggregate success = _run.Monitor.GetMetrics("success_rate");
        Assert.Equal(_run.Server.Requests, success.Count);
        Assert.Equal(_run.Server.Answers, success.Sum);
        Assert.Equal(_run.Server.Errors, _run.Monitor.GetMetrics("error_rate").Sum);
        TokenUsageReport tokens = _run.Monitor.GetTotalTokenUsage();
        Assert.Equal(_run.Server.PromptTokens, tokens.TotalPromptTokens);
        Assert.Equal(_run.Server.CompletionTokens, tokens.TotalCompletionTokens);
        Assert.Equal(_run.Server.PromptTokens + _run.Server.CompletionTokens, tokens.TotalTokens);
        Assert.Equal(_run.Server.Requests, _run.Records().Count);
        foreach (IChatClient client in clients.Values)
            client.Dispose();
    }

    private static async Task AskAsync(IChatClient client, bool streams, CancellationToken? cancellationToken = null)
    {
        CancellationToken token = cancellationToken ?? MonitoredServer.Token;
        if (!streams)
        {
            Assert.Equal("secret answer", (await client.GetResponseAsync(Question, cancellationToken: token)).Text);
            return;
        }

        string text = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(Question, cancellationToken: token))
            text += update.Text;
        Assert.Equal("secret answer", text);
    }
}
