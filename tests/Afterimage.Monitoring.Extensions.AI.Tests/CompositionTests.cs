using System.ClientModel;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>The monitor among other middleware, in any order.</summary>
public sealed class CompositionTests : IAsyncLifetime
{
    private static readonly ChatOptions WithTool = new() { Tools = [AIFunctionFactory.Create(() => "noon", "clock")] };

    private MonitoredServer _run = null!;

    public async ValueTask InitializeAsync() => _run = await MonitoredServer.StartAsync();

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Outside_of_function_invocation_a_conversation_is_one_record_with_summed_tokens(bool streams)
    {
        using IChatClient client = _run.Pipeline(b => b.UseGenerationMonitor(_run.Monitor).UseFunctionInvocation());

        await AskAsync(client, streams, WithTool);

        Assert.Equal(2, _run.Server.Requests);
        JsonElement record = Assert.Single(_run.Records());
        Assert.Equal(_run.Server.PromptTokens, record.GetProperty("prompt_token_count").GetInt64());
        Assert.Equal(_run.Server.CompletionTokens, record.GetProperty("completion_token_count").GetInt64());
        Assert.Equal(1, record.GetProperty("tags").GetProperty("tool_call_count").GetInt32());
        Assert.Equal("stop", record.GetProperty("finish_reason").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Inside_of_function_invocation_each_request_is_a_record(bool streams)
    {
        using IChatClient client = _run.Pipeline(b => b.UseFunctionInvocation().UseGenerationMonitor(_run.Monitor));

        await AskAsync(client, streams, WithTool);

        List<JsonElement> records = _run.Records();
        Assert.Equal(["tool_calls", "stop"], records.Select(r => r.GetProperty("finish_reason").GetString()));
        Assert.Equal(1, records[0].GetProperty("tags").GetProperty("tool_call_count").GetInt32());
        Assert.All(records, r => Assert.Equal(1, r.GetProperty("conversation_length").GetInt32()));
        Assert.Equal(_run.Server.PromptTokens, records.Sum(r => r.GetProperty("prompt_token_count").GetInt64()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Inside_of_a_cache_only_what_is_asked_of_the_provider_counts(bool streams)
    {
        using IChatClient client = _run.Pipeline(b => b.UseDistributedCache(Cache()).UseGenerationMonitor(_run.Monitor));

        await AskAsync(client, streams);
        await AskAsync(client, streams);

        Assert.Equal(1, _run.Server.Requests);
        Assert.Single(_run.Records());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Outside_of_a_cache_every_answer_counts(bool streams)
    {
        using IChatClient client = _run.Pipeline(b => b.UseGenerationMonitor(_run.Monitor).UseDistributedCache(Cache()));

        await AskAsync(client, streams);
        await AskAsync(client, streams);

        Assert.Equal(1, _run.Server.Requests);
        Assert.Equal(2, _run.Records().Count);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task It_goes_with_the_OpenTelemetry_client_on_either_side(bool streams, bool isOutside)
    {
        using IChatClient client = _run.Pipeline(b =>
        {
            if (isOutside)
                b.UseGenerationMonitor(_run.Monitor).UseOpenTelemetry();
            else
                b.UseOpenTelemetry().UseGenerationMonitor(_run.Monitor);
        });

        await AskAsync(client, streams);

        JsonElement record = Assert.Single(_run.Records());
        Assert.Equal("openai", record.GetProperty("provider").GetString());
        Assert.Equal(_run.Server.PromptTokens, record.GetProperty("prompt_token_count").GetInt64());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Inside_of_a_retry_each_attempt_counts(bool streams)
    {
        using IChatClient client = _run.Pipeline(
            b => b.Use(inner => new RetryingChatClient(inner)).UseGenerationMonitor(_run.Monitor),
            "flaky");

        await AskAsync(client, streams);

        List<JsonElement> records = _run.Records();
        Assert.Equal([false, false, true], records.Select(r => r.GetProperty("success").GetBoolean()));
        Assert.Equal([true, true, false], records.Select(r => r.TryGetProperty("error", out _)));
        Assert.Equal((3, 2), (_run.Server.Requests, _run.Server.Errors));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Outside_of_a_retry_what_came_of_it_counts(bool streams)
    {
        using IChatClient client = _run.Pipeline(
            b => b.UseGenerationMonitor(_run.Monitor).Use(inner => new RetryingChatClient(inner)),
            "flaky");

        await AskAsync(client, streams);

        JsonElement record = Assert.Single(_run.Records());
        Assert.True(record.GetProperty("success").GetBoolean());
        Assert.False(record.TryGetProperty("error", out _));
        Assert.Equal(_run.Server.PromptTokens, record.GetProperty("prompt_token_count").GetInt64());
        Assert.Equal(3, _run.Server.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_retries_of_the_provider_s_client_are_one_call(bool streams)
    {
        using IChatClient client = new ChatClientBuilder(MonitoredServer.OpenAIClient(_run.Server, "flaky", retries: 2))
            .UseGenerationMonitor(_run.Monitor)
            .Build();

        await AskAsync(client, streams);

        Assert.Equal(3, _run.Server.Requests);
        Assert.True(Assert.Single(_run.Records()).GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task The_monitor_comes_from_the_services_where_none_is_given()
    {
        await using ServiceProvider services = new ServiceCollection().AddSingleton(_run.Monitor).BuildServiceProvider();
        using IChatClient inner = _run.Pipeline(_ => { });
        using IChatClient client = new ChatClientBuilder(inner).UseGenerationMonitor().Build(services);

        await AskAsync(client, streams: false);

        Assert.Single(_run.Records());
        Assert.Throws<InvalidOperationException>(() => new ChatClientBuilder(inner).UseGenerationMonitor().Build());
    }

    [Fact]
    public async Task A_call_that_outlives_its_monitor_goes_unrecorded_and_works()
    {
        using IChatClient client = _run.Client();
        _run.Monitor.Dispose();

        await AskAsync(client, streams: false);
        await AskAsync(client, streams: true);

        Assert.Empty(_run.Records());
    }

    [Fact]
    public async Task Embeddings_are_recorded()
    {
        using IEmbeddingGenerator<string, Embedding<float>> embedder = _run.Embedder();
        using IEmbeddingGenerator<string, Embedding<float>> failing = _run.Embedder("500");

        await embedder.GenerateAsync(["secret"], cancellationToken: MonitoredServer.Token);
        await Assert.ThrowsAnyAsync<Exception>(() => failing.GenerateAsync(["secret"], cancellationToken: MonitoredServer.Token));

        List<JsonElement> records = _run.Records();
        Assert.Equal(2, records.Count);
        Assert.Equal("embeddings", records[0].GetProperty("operation").GetString());
        Assert.Equal("openai", records[0].GetProperty("provider").GetString());
        Assert.Equal(8, records[0].GetProperty("prompt_token_count").GetInt64());
        Assert.True(records[0].GetProperty("success").GetBoolean());
        Assert.False(records[0].TryGetProperty("conversation_length", out _));
        Assert.True(records[1].TryGetProperty("error", out _));
        Assert.All(records, r => Assert.DoesNotContain("secret", r.GetRawText(), StringComparison.Ordinal));
    }

    private static MemoryDistributedCache Cache() => new(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions()));

    private static async Task AskAsync(IChatClient client, bool streams, ChatOptions? options = null)
    {
        if (!streams)
        {
            Assert.Equal("secret answer", (await client.GetResponseAsync("What time is it?", options, MonitoredServer.Token)).Text);
            return;
        }

        string text = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("What time is it?", options, MonitoredServer.Token))
            text += update.Text;
        Assert.Equal("secret answer", text);
    }

    /// <summary>Tries again what failed before anything came of it.</summary>
    private sealed class RetryingChatClient(IChatClient inner) : DelegatingChatClient(inner)
    {
        public override async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    return await base.GetResponseAsync(messages, options, cancellationToken);
                }
                catch (ClientResultException)
                {
                    // Again.
                }
            }
        }

        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            while (true)
            {
                await using IAsyncEnumerator<ChatResponseUpdate> updates = base.GetStreamingResponseAsync(
                        messages,
                        options,
                        cancellationToken)
                    .GetAsyncEnumerator(cancellationToken);
                try
                {
                    await updates.MoveNextAsync();
                }
                catch (ClientResultException)
                {
                    continue;
                }

                do
                    yield return updates.Current;
                while (await updates.MoveNextAsync());
                yield break;
            }
        }
    }
}
