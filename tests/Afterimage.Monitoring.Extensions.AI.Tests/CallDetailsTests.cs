using System.ClientModel;
using System.Collections;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>What a record says beyond tokens and times: kinds of errors, tags, ids; and that nothing of it reaches the caller.</summary>
public sealed class CallDetailsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly GenerationMonitor _monitor;

    public CallDetailsTests()
    {
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path);
        options.Budgets.Add(new Budget { Name = "all", Unit = BudgetUnit.Tokens, Limit = 1_000 });
        _monitor = new GenerationMonitor(options);
    }

    public static TheoryData<string, Exception> Errors => new()
    {
        { "timeout", new TimeoutException() },
        { "timeout", new TaskCanceledException("too long", new TimeoutException()) },
        { "connection_error", new HttpRequestException(HttpRequestError.ConnectionError) },
        { "connection_error", new HttpRequestException("no", new SocketException((int)SocketError.ConnectionRefused)) },
        { "timeout", new HttpRequestException(HttpRequestError.ConnectionError, "no", new SocketException((int)SocketError.TimedOut)) },
        { "name_resolution_error", new HttpRequestException(HttpRequestError.NameResolutionError) },
        { "secure_connection_error", new HttpRequestException(HttpRequestError.SecureConnectionError) },
        { "response_ended", new HttpIOException(HttpRequestError.ResponseEnded) },
        { "503", new HttpRequestException("no", null, HttpStatusCode.ServiceUnavailable) },
        { "429", new AggregateException(new TimeoutException(), new HttpRequestException("no", null, HttpStatusCode.TooManyRequests)) },
        { "connection_error", new ClientResultException("no", null, new SocketException((int)SocketError.ConnectionReset)) },
        { "System.Net.Http.HttpRequestException", new HttpRequestException("no") },
        { "System.FormatException", new AggregateException(new FormatException()) },
    };

    public void Dispose()
    {
        _monitor.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Errors), DisableDiscoveryEnumeration = true)]
    public async Task An_exception_is_recorded_with_the_kind_of_its_error(string expected, Exception error)
    {
        using IChatClient client = Client(new Provider(error: error));

        Assert.Same(error, await Record.ExceptionAsync(() => client.GetResponseAsync("?", cancellationToken: MonitoredServer.Token)));

        Assert.Equal(expected, Tags().GetProperty("error.type").GetString());
    }

    [Fact]
    public async Task A_refused_connection_of_the_OpenAI_client_is_a_connection_error()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var endpoint = new Uri($"http://{closed.LocalEndpoint}/v1");
        closed.Stop();
        var model = new OpenAI.Chat.ChatClient(
            "gpt-4o",
            new ApiKeyCredential("none"),
            new OpenAI.OpenAIClientOptions { Endpoint = endpoint, RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) });
        using IChatClient client = model.AsIChatClient().AsBuilder().UseGenerationMonitor(_monitor).Build();

        Assert.NotNull(await Record.ExceptionAsync(() => client.GetResponseAsync("?", cancellationToken: MonitoredServer.Token)));

        Assert.Equal("connection_error", Tags().GetProperty("error.type").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Response_id_conversation_and_configured_properties_are_recorded(bool streams)
    {
        using IChatClient client = Client(new Provider(), options => options.AdditionalPropertyTags.Add("tenant"));
        var chatOptions = new ChatOptions
        {
            ConversationId = "asked",
            AdditionalProperties = new() { ["tenant"] = "acme", ["secret"] = "x" },
        };

        await AskAsync(client, streams, chatOptions);

        JsonElement record = One();
        Assert.Equal("resp-1", record.GetProperty("id").GetString());
        Assert.Equal("conv-1", record.GetProperty("tags").GetProperty("gen_ai.conversation.id").GetString());
        Assert.Equal("acme", record.GetProperty("tags").GetProperty("tenant").GetString());
        Assert.False(record.GetProperty("tags").TryGetProperty("secret", out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Enrich_sees_request_options_and_response_once(bool streams)
    {
        int calls = 0;
        using IChatClient client = Client(
            new Provider(),
            options => options.Enrich = call =>
            {
                calls++;
                call.SetTag("asked", call.Messages!.Single().Text);
                call.SetTag("temperature", call.ChatOptions!.Temperature);
                call.SetTag("answered", call.ChatResponse!.Text);
            });

        await AskAsync(client, streams, new ChatOptions { Temperature = 0.5f });

        JsonElement tags = Tags();
        Assert.Equal(1, calls);
        Assert.Equal("?", tags.GetProperty("asked").GetString());
        Assert.Equal(0.5, tags.GetProperty("temperature").GetDouble());
        Assert.Equal("yes", tags.GetProperty("answered").GetString());
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Callbacks_that_throw_hide_neither_answer_nor_error_and_keep_no_reservation(bool succeeds, bool streams)
    {
        var error = new FormatException("the provider's");
        using IChatClient client = Client(new Provider(error: succeeds ? null : error), options =>
        {
            options.EnforceBudget = true;
            options.BudgetEstimate = (_, _) => throw new InvalidOperationException("estimate");
            options.Enrich = _ => throw new InvalidOperationException("enrich");
            options.ErrorType = _ => throw new InvalidOperationException("error type");
        });

        Exception? thrown = await Record.ExceptionAsync(() => AskAsync(client, streams));

        Assert.Same(succeeds ? null : error, thrown);
        Assert.Equal(0, Assert.Single(_monitor.GetBudgets()).Reserved);
        JsonElement record = One();
        Assert.Equal(succeeds, record.GetProperty("success").GetBoolean());
        string log = File.ReadAllText(Path.Combine(_directory.Path, "afterimage.log"));
        Assert.Contains("Enrich failed", log, StringComparison.Ordinal);
        Assert.Contains("BudgetEstimate failed", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Messages_and_errors_that_cannot_be_read_keep_no_reservation(bool succeeds)
    {
        var error = new UnreadableException();
        using IChatClient client = Client(new Provider(error: succeeds ? null : error), options =>
        {
            options.EnforceBudget = true;
            options.RecordContents = true;
            options.BudgetEstimate = (_, _) => new BudgetEstimate { CompletionTokenCount = 10 };
        });

        // Not by Record.ExceptionAsync, which reads the message itself.
        Exception? thrown = null;
        try
        {
            await client.GetResponseAsync(new UnreadableMessages(), cancellationToken: MonitoredServer.Token);
        }
        catch (UnreadableException e)
        {
            thrown = e;
        }

        Assert.Same(succeeds ? null : error, thrown);
        Assert.Equal(0, Assert.Single(_monitor.GetBudgets()).Reserved);
        Assert.Equal(succeeds, One().GetProperty("success").GetBoolean());
    }

    [Theory]
    [InlineData(ActivityTraceFlags.Recorded, true)]
    [InlineData(ActivityTraceFlags.None, false)]
    public async Task The_current_activity_is_recorded_where_it_is_recorded_itself(ActivityTraceFlags flags, bool expected)
    {
        using IChatClient client = Client(new Provider());
        using var activity = new Activity("test") { ActivityTraceFlags = flags };
        activity.SetIdFormat(ActivityIdFormat.W3C).Start();

        await AskAsync(client, streams: false);

        JsonElement record = One();
        Assert.Equal(expected, record.TryGetProperty("trace_id", out JsonElement trace));
        Assert.Equal(expected, record.TryGetProperty("span_id", out JsonElement span));
        if (expected)
            Assert.Equal($"{activity.TraceId} {activity.SpanId}", $"{trace.GetString()} {span.GetString()}");
    }

#pragma warning disable MEAI001 // Speech-to-text clients and image generators are marked as experimental.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_transcription_is_one_generation_with_id_and_usage(bool streams)
    {
        using ISpeechToTextClient client = new SpeechToTextClientBuilder(new Provider()).UseGenerationMonitor(_monitor).Build();
        using var audio = new MemoryStream();

        if (streams)
            await client
                .GetStreamingTextAsync(audio, cancellationToken: MonitoredServer.Token)
                .ToSpeechToTextResponseAsync(MonitoredServer.Token);
        else
            await client.GetTextAsync(audio, cancellationToken: MonitoredServer.Token);

        JsonElement record = One();
        Assert.Equal("resp-1", record.GetProperty("id").GetString());
        Assert.Equal("hears", record.GetProperty("model_name").GetString());
        Assert.Equal(3, record.GetProperty("completion_token_count").GetInt64());
        Assert.Equal("text", record.GetProperty("tags").GetProperty("gen_ai.output.type").GetString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_image_is_one_generation_and_its_error_has_a_kind(bool succeeds)
    {
        var provider = new Provider(error: succeeds ? null : new TimeoutException());
        using IImageGenerator generator = new ImageGeneratorBuilder(provider).UseGenerationMonitor(_monitor).Build();

        Exception? thrown = await Record.ExceptionAsync(() =>
            generator.GenerateAsync(new ImageGenerationRequest("a cat"), new() { ModelId = "draws" }, MonitoredServer.Token));

        Assert.Equal(succeeds, thrown is null);
        JsonElement record = One();
        Assert.Equal("draws", record.GetProperty("model_name").GetString());
        Assert.Equal("image", record.GetProperty("tags").GetProperty("gen_ai.output.type").GetString());
        if (succeeds)
            Assert.Equal(7, record.GetProperty("prompt_token_count").GetInt64());
        else
            Assert.Equal("timeout", record.GetProperty("error").GetString());
    }
#pragma warning restore MEAI001

    private static async Task AskAsync(IChatClient client, bool streams, ChatOptions? options = null)
    {
        ChatResponse answer = streams
            ? await client.GetStreamingResponseAsync("?", options, MonitoredServer.Token).ToChatResponseAsync(MonitoredServer.Token)
            : await client.GetResponseAsync("?", options, MonitoredServer.Token);
        Assert.Equal("yes", answer.Text);
    }

    private IChatClient Client(IChatClient inner, Action<GenerationMonitorMiddlewareOptions>? configure = null) =>
        new ChatClientBuilder(inner).UseGenerationMonitor(_monitor, configure).Build();

    private JsonElement One()
    {
        _monitor.Dispose();
        return JsonDocument.Parse(Assert.Single(File.ReadLines(Path.Combine(_directory.Path, "metrics.jsonl")))).RootElement;
    }

    private JsonElement Tags() => One().GetProperty("tags");

    private sealed class UnreadableException : Exception
    {
        public override string Message => throw new NotSupportedException();
    }

    private sealed class UnreadableMessages : IReadOnlyCollection<ChatMessage>
    {
        public int Count => 1;

        public IEnumerator<ChatMessage> GetEnumerator() => throw new NotSupportedException();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

#pragma warning disable MEAI001
    /// <summary>Answers at once, or throws.</summary>
    private sealed class Provider(Exception? error = null) : IChatClient, ISpeechToTextClient, IImageGenerator
    {
        public async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default) =>
            await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            if (error is not null)
                throw error;
            yield return new ChatResponseUpdate(ChatRole.Assistant, "yes") { ResponseId = "resp-1", ConversationId = "conv-1" };
        }

        public Task<SpeechToTextResponse> GetTextAsync(
            Stream audio,
            SpeechToTextOptions? options = null,
            CancellationToken token = default) =>
            GetStreamingTextAsync(audio, options, token).ToSpeechToTextResponseAsync(token);

        public async IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(
            Stream audio,
            SpeechToTextOptions? options = null,
            [EnumeratorCancellation] CancellationToken token = default)
        {
            await Task.Yield();
            yield return new SpeechToTextResponseUpdate([new TextContent("hi"), new UsageContent(new() { OutputTokenCount = 3 })])
            {
                ResponseId = "resp-1",
                ModelId = "hears",
            };
        }

        public Task<ImageGenerationResponse> GenerateAsync(
            ImageGenerationRequest request,
            ImageGenerationOptions? options = null,
            CancellationToken token = default) => error is not null
            ? Task.FromException<ImageGenerationResponse>(error)
            : Task.FromResult(new ImageGenerationResponse { Usage = new() { InputTokenCount = 7 } });

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
#pragma warning restore MEAI001
}
