using System.Text.Json;
using Anthropic;
using Anthropic.Models.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using OllamaSharp;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>What is recorded and charged of the real clients of Anthropic and Ollama, against servers that speak their protocols. That of
/// OpenAI has tests of its own.</summary>
public sealed class ProviderClientTests : IAsyncDisposable
{
    private const string Claude = "claude-sonnet-4-5";
    private const string ClaudeAnswers = "claude-sonnet-4-5-20250929";

    private readonly TemporaryDirectory _directory = new();
    private GenerationMonitor? _monitor;
    private WebApplication? _server;

    public async ValueTask DisposeAsync()
    {
        if (_monitor is not null)
            await _monitor.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Anthropic_s_cached_and_written_tokens_are_parts_of_the_prompt(bool streams)
    {
        using IChatClient client = await AnthropicAsync();

        await AskAsync(client, streams);

        CostReport cost = _monitor!.GetCost();
        Assert.Equal(((10 * 3m) + (2_000 * 0.3m) + (300 * 3.75m) + (25 * 15m)) / 1_000_000, cost.TotalUsd);
        Assert.Equal((0, 0), (cost.UnpricedTokenCount, cost.UsageMissingCount));
        Assert.Equal((2_335, 0), (Status.Spent, Status.Reserved));
        JsonElement record = Assert.Single(Records());
        Assert.Equal((2_310, 25), (Count(record, "prompt_token_count"), Count(record, "completion_token_count")));
        Assert.Equal((2_000, 300), (Count(record, "cached_prompt_token_count"), Count(record, "cache_write_token_count")));
        Assert.Equal(
            (ClaudeAnswers, Claude, "msg_1"),
            (Text(record, "model_name"), Text(record, "request_model"), Text(record, "id")));
    }

    [Fact]
    public async Task Anthropic_s_writes_for_an_hour_are_charged_where_its_message_says_so()
    {
        using IChatClient client = await AnthropicAsync(
            call => call.CacheWriteOneHourTokenCount =
                (call.ChatResponse?.RawRepresentation as Message)?.Usage.CacheCreation?.Ephemeral1hInputTokens);

        await AskAsync(client, streams: false);

        Assert.Equal(
            ((10 * 3m) + (2_000 * 0.3m) + (100 * 3.75m) + (200 * 6m) + (25 * 15m)) / 1_000_000,
            _monitor!.GetCost().TotalUsd);
    }

    [Fact]
    public async Task An_Anthropic_stream_that_is_left_settles_with_its_estimate()
    {
        using IChatClient client = await AnthropicAsync();

        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("12345678", null, MonitoredServer.Token))
        {
            if (update.Text.Length > 0)
                break;
        }

        Assert.Equal((2 + 1, 1), (Status.Spent, Status.UsageMissingCount));
        Assert.True(Assert.Single(Records()).GetProperty("usage_missing").GetBoolean());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_Anthropic_refuses_costs_nothing(bool streams)
    {
        using IChatClient client = await AnthropicAsync(status: 429);

        await Assert.ThrowsAnyAsync<Exception>(() => AskAsync(client, streams));

        Assert.Equal((0, 0, 0), (Status.Spent, Status.Reserved, Status.UsageMissingCount));
        JsonElement record = Assert.Single(Records());
        Assert.NotNull(Text(record.GetProperty("tags"), "error.type"));
        Assert.False(record.TryGetProperty("usage_missing", out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ollama_s_tokens_are_counted_once(bool streams)
    {
        Uri address = await ServeAsync("/api/chat", async http =>
        {
            bool isStream = (await ReadAsync(http)).GetProperty("stream").GetBoolean();
            const string Start = """{"model":"llama3:latest","created_at":"2026-01-01T00:00:00Z",""";
            if (isStream)
                await http.Response.WriteAsync(Start + "\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"done\":false}\n");
            await http.Response.WriteAsync(
                Start + $$"""
                "message":{"role":"assistant","content":"{{(isStream ? "" : "Hi")}}"},"done":true,
                """.Trim() + "\"done_reason\":\"stop\",\"total_duration\":5,\"load_duration\":1,"
                + "\"prompt_eval_count\":26,\"prompt_eval_duration\":1,\"eval_count\":7,\"eval_duration\":2}\n");
        });
        using IChatClient client = Monitored(new OllamaApiClient(address, "llama3"), null);

        await AskAsync(client, streams);

        Assert.Equal((33, 0), (Status.Spent, Status.Reserved));
        Assert.Equal(0.000040m, _monitor!.GetCost().TotalUsd);
        JsonElement record = Assert.Single(Records());
        Assert.Equal((26, 7), (Count(record, "prompt_token_count"), Count(record, "completion_token_count")));
        Assert.Equal("llama3:latest", Text(record, "model_name"));
        Assert.False(record.TryGetProperty("usage_missing", out _));
    }

    private BudgetStatus Status => Assert.Single(_monitor!.GetBudgets());

    private static long Count(JsonElement record, string key) => record.GetProperty(key).GetInt64();

    private static string? Text(JsonElement record, string key) => record.GetProperty(key).GetString();

    private static async Task AskAsync(IChatClient client, bool streams)
    {
        if (!streams)
        {
            Assert.Equal("Hi", (await client.GetResponseAsync("?", null, MonitoredServer.Token)).Text);
            return;
        }

        List<ChatResponseUpdate> updates = await client.GetStreamingResponseAsync("?", null, MonitoredServer.Token)
            .ToListAsync(MonitoredServer.Token);
        Assert.Equal("Hi", updates.ToChatResponse().Text);
    }

    private static async Task<JsonElement> ReadAsync(HttpContext http) =>
        (await JsonDocument.ParseAsync(http.Request.Body)).RootElement;

    private List<JsonElement> Records()
    {
        _monitor!.Dispose();
        return [.. File.ReadLines(Path.Combine(_directory.Path, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private async Task<IChatClient> AnthropicAsync(Action<GenerationEnrichment>? enrich = null, int status = 200)
    {
        Uri address = await ServeAsync("/v1/messages", http => AnswerAsync(http, status));
        var anthropic = new AnthropicClient { ApiKey = "none", BaseUrl = address.ToString().TrimEnd('/'), MaxRetries = 0 };
        return Monitored(anthropic.AsIChatClient(Claude, defaultMaxOutputTokens: 100), enrich);
    }

    private static async Task AnswerAsync(HttpContext http, int status)
    {
        bool isStream = (await ReadAsync(http)).TryGetProperty("stream", out JsonElement stream) && stream.GetBoolean();
        http.Response.StatusCode = status;
        if (status != 200)
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("""{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}""");
            return;
        }

        const string Input = "\"input_tokens\":10,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":2000";
        const string Parts = "\"cache_creation\":{\"ephemeral_5m_input_tokens\":100,\"ephemeral_1h_input_tokens\":200}";
        const string Head =
            $"\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"{ClaudeAnswers}\",\"stop_sequence\":null,";
        if (!isStream)
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(
                "{" + Head + "\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}],\"stop_reason\":\"end_turn\",\"usage\":{"
                + Input + "," + Parts + ",\"output_tokens\":25}}");
            return;
        }

        http.Response.ContentType = "text/event-stream";
        await SendAsync(
            "message_start",
            "\"message\":{" + Head + "\"content\":[],\"stop_reason\":null,\"usage\":{" + Input + "," + Parts + ",\"output_tokens\":1}}");
        await SendAsync("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
        await SendAsync("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}");
        await SendAsync("content_block_stop", "\"index\":0");
        await SendAsync(
            "message_delta",
            "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{" + Input + ",\"output_tokens\":25}");
        await SendAsync("message_stop", null);

        async Task SendAsync(string type, string? more) =>
            await http.Response.WriteAsync($"event: {type}\ndata: {{\"type\":\"{type}\"{(more is null ? "" : "," + more)}}}\n\n");
    }

    private async Task<Uri> ServeAsync(string path, RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.MapPost(path, answer);
        await _server.StartAsync(MonitoredServer.Token);
        return new Uri(_server.Urls.Single());
    }

    private IChatClient Monitored(IChatClient client, Action<GenerationEnrichment>? enrich)
    {
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path);
        options.Pricing = ModelPricing.Parse(
            """
            {"models": [
              {"name": "claude-sonnet-4-5", "input": 3, "cached_input": 0.3, "cache_write": 3.75, "cache_write_1h": 6, "output": 15},
              {"name": "llama3:latest", "input": 1, "output": 2}]}
            """);
        options.Budgets.Add(new Budget { Name = "b", Unit = BudgetUnit.Tokens, Limit = 10_000 });
        _monitor = new GenerationMonitor(options);
        return new ChatClientBuilder(client)
            .UseGenerationMonitor(_monitor, middleware =>
            {
                middleware.EnforceBudget = true;
                middleware.Enrich = enrich;
            })
            .Build();
    }
}
