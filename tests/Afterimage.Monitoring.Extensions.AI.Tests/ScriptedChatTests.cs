using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>Chats with a client that the test scripts, on a clock of the test's: times to the digit, and what no server should
/// say.</summary>
public sealed class ScriptedChatTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly GenerationMonitor _monitor;

    public ScriptedChatTests() => _monitor = new GenerationMonitor(PatientMonitor.Options(_directory.Path), _clock);

    public void Dispose()
    {
        _monitor.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Times_count_output_chunks_only()
    {
        using IChatClient client = Client(
            new ChatResponseUpdate { Role = ChatRole.Assistant, Contents = [] },
            new ChatResponseUpdate(ChatRole.Assistant, ""),
            new ChatResponseUpdate(ChatRole.Assistant, "a"),
            new ChatResponseUpdate(ChatRole.Assistant, "b"),
            new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("1", "clock")]),
            new ChatResponseUpdate { FinishReason = ChatFinishReason.Stop },
            new ChatResponseUpdate { Contents = [new UsageContent(new() { InputTokenCount = 1 })] });

        await ReadAsync(client);

        JsonElement record = Record();
        Assert.Equal(7, record.GetProperty("duration").GetDouble());
        Assert.Equal(3, record.GetProperty("time_to_first_token").GetDouble());
        Assert.Equal(1, record.GetProperty("tags").GetProperty("time_per_output_chunk").GetDouble());
        Assert.Equal(1, record.GetProperty("tags").GetProperty("tool_call_count").GetInt32());
    }

    [Fact]
    public async Task Of_usage_told_twice_the_largest_counts_are_taken()
    {
        using IChatClient client = Client(
            new ChatResponseUpdate { Contents = [new UsageContent(new() { InputTokenCount = 5, CachedInputTokenCount = 1 })] },
            new ChatResponseUpdate
            {
                Contents =
                [
                    new UsageContent(
                        new()
                        {
                            InputTokenCount = 6,
                            OutputTokenCount = 7,
                            ReasoningTokenCount = 2,
                        }),
                ],
            });

        await ReadAsync(client);

        JsonElement record = Record();
        Assert.Equal(6, record.GetProperty("prompt_token_count").GetInt64());
        Assert.Equal(7, record.GetProperty("completion_token_count").GetInt64());
        Assert.Equal(1, record.GetProperty("cached_prompt_token_count").GetInt64());
        Assert.Equal(2, record.GetProperty("reasoning_token_count").GetInt64());
        Assert.False(record.TryGetProperty("total_token_count", out _));
    }

    [Fact]
    public async Task A_stream_that_is_left_has_the_usage_so_far()
    {
        using IChatClient client = Client(
            new ChatResponseUpdate(ChatRole.Assistant, [new TextContent("a"), new UsageContent(new() { InputTokenCount = 5 })]),
            new ChatResponseUpdate(ChatRole.Assistant, [new TextContent("b"), new UsageContent(new() { InputTokenCount = 6 })]));

        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("?", cancellationToken: MonitoredServer.Token))
            break;

        JsonElement record = Record();
        Assert.Equal("abandoned", record.GetProperty("finish_reason").GetString());
        Assert.Equal(5, record.GetProperty("prompt_token_count").GetInt64());
        Assert.Equal(1, record.GetProperty("duration").GetDouble());
    }

    [Fact]
    public async Task A_consumer_that_throws_is_not_the_model_s_error()
    {
        using IChatClient client = Client(new ChatResponseUpdate(ChatRole.Assistant, "a"));

        await Assert.ThrowsAsync<FormatException>(async () =>
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("?", cancellationToken: MonitoredServer.Token))
                throw new FormatException();
        });

        Assert.Equal("abandoned", Record().GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task A_consumer_that_leaves_because_it_was_cancelled_makes_it_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using IChatClient client = Client(new ChatResponseUpdate(ChatRole.Assistant, "a"));

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (
                ChatResponseUpdate update in client
                    .GetStreamingResponseAsync("?", cancellationToken: MonitoredServer.Token)
                    .WithCancellation(cancellation.Token))
            {
                await cancellation.CancelAsync();
                cancellation.Token.ThrowIfCancellationRequested();
            }
        });

        Assert.Equal("cancelled", Record().GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task A_cancellation_that_is_not_the_caller_s_is_an_error()
    {
        using IChatClient client = Client(new TaskCanceledException("timed out"));

        await Assert.ThrowsAsync<TaskCanceledException>(() => ReadAsync(client));

        Assert.Equal("timeout", Record().GetProperty("error").GetString());
    }

    [Fact]
    public async Task An_HTTP_error_is_named_by_its_status()
    {
        using IChatClient client = Client(new HttpRequestException("no", null, System.Net.HttpStatusCode.TooManyRequests));

        await Assert.ThrowsAsync<HttpRequestException>(() => ReadAsync(client));

        Assert.Equal("429", Record().GetProperty("error").GetString());
    }

    [Fact]
    public async Task Impossible_counts_of_a_provider_are_left_out_and_the_call_works()
    {
        using IChatClient client = Client(
            new ChatResponseUpdate { Contents = [new UsageContent(new() { InputTokenCount = -1, OutputTokenCount = 4 })] });

        await ReadAsync(client);

        JsonElement record = Record();
        Assert.True(record.GetProperty("success").GetBoolean());
        Assert.False(record.TryGetProperty("prompt_token_count", out _));
        Assert.Equal(4, record.GetProperty("completion_token_count").GetInt64());
    }

    [Fact]
    public async Task Messages_are_enumerated_once()
    {
        int enumerations = 0;
        using IChatClient client = Client(new ChatResponseUpdate(ChatRole.Assistant, "a"));

        await client.GetResponseAsync(Lazily(), cancellationToken: MonitoredServer.Token);

        Assert.Equal(1, enumerations);
        Assert.Equal(1, Record().GetProperty("conversation_length").GetInt32());

        IEnumerable<ChatMessage> Lazily()
        {
            enumerations++;
            yield return new ChatMessage(ChatRole.User, "?");
        }
    }

    [Fact]
    public async Task Null_is_refused_and_not_recorded()
    {
        using IChatClient client = Client();

        await Assert.ThrowsAsync<ArgumentNullException>(() =>
            client.GetResponseAsync((IEnumerable<ChatMessage>)null!, cancellationToken: MonitoredServer.Token));
        Assert.Throws<ArgumentNullException>(() =>
            client.GetStreamingResponseAsync((IEnumerable<ChatMessage>)null!, cancellationToken: MonitoredServer.Token));
        Assert.Throws<ArgumentNullException>(() => ((ChatClientBuilder)null!).UseGenerationMonitor(_monitor));

        Assert.Equal(0, _monitor.GetStatistics().Recorded);
    }

    private static async Task ReadAsync(IChatClient client)
    {
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("?", cancellationToken: MonitoredServer.Token))
        {
        }
    }

    private JsonElement Record()
    {
        _monitor.Dispose();
        return JsonDocument.Parse(Assert.Single(File.ReadLines(Path.Combine(_directory.Path, "metrics.jsonl")))).RootElement;
    }

    private IChatClient Client(params ChatResponseUpdate[] updates) =>
        new ChatClientBuilder(new Scripted(_clock, updates, null)).UseGenerationMonitor(_monitor).Build();

    private IChatClient Client(Exception error) =>
        new ChatClientBuilder(new Scripted(_clock, [], error)).UseGenerationMonitor(_monitor).Build();

    /// <summary>Takes a second for each update.</summary>
    private sealed class Scripted(FakeTimeProvider clock, ChatResponseUpdate[] updates, Exception? error) : IChatClient
    {
        public async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default)
        {
            _ = messages.ToList();
            return await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (ChatResponseUpdate update in updates)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
                yield return update;
            }

            if (error is not null)
                throw error;
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
