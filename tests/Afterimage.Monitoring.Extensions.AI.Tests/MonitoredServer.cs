using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>A loopback server, a monitor, and the real OpenAI client between them.</summary>
internal sealed class MonitoredServer : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private MonitoredServer(LoopbackServer server, Action<GenerationMonitorOptions>? configure)
    {
        Server = server;
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path);
        configure?.Invoke(options);
        Monitor = new GenerationMonitor(options);
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public LoopbackServer Server { get; }

    public GenerationMonitor Monitor { get; }

    public static async Task<MonitoredServer> StartAsync(Action<GenerationMonitorOptions>? configure = null) =>
        new(await LoopbackServer.StartAsync(), configure);

    /// <param name="retries">How often the client itself tries again, at once.</param>
    public static IChatClient OpenAIClient(LoopbackServer server, string model, TimeSpan? timeout = null, int retries = 0) =>
        new ChatClient(model, new ApiKeyCredential("none"), Options(server, timeout, retries)).AsIChatClient();

    public IChatClient Client(
        string model = "gpt-4o",
        TimeSpan? timeout = null,
        Action<GenerationMonitorMiddlewareOptions>? configure = null
    ) => new ChatClientBuilder(OpenAIClient(Server, model, timeout)).UseGenerationMonitor(Monitor, configure).Build();

    /// <summary>The pipeline that the test says, the monitor's place in it included.</summary>
    public IChatClient Pipeline(Action<ChatClientBuilder> build, string model = "gpt-4o")
    {
        ChatClientBuilder builder = new(OpenAIClient(Server, model));
        build(builder);
        return builder.Build();
    }

    public IEmbeddingGenerator<string, Embedding<float>> Embedder(
        string model = "text-embedding-3-small",
        Action<GenerationMonitorMiddlewareOptions>? configure = null) =>
        new EmbeddingGeneratorBuilder<string, Embedding<float>>(
            new EmbeddingClient(model, new ApiKeyCredential("none"), Options(Server, timeout: null)).AsIEmbeddingGenerator())
            .UseGenerationMonitor(Monitor, configure)
            .Build();

    public List<JsonElement> Records()
    {
        Monitor.Dispose();
        string file = Path.Combine(_directory.Path, "metrics.jsonl");

        // The lines of one thread are in the order of recording, those of several are not.
        return File.Exists(file)
            ?
            [
                .. File.ReadLines(file)
                    .Select(line => JsonDocument.Parse(line).RootElement)
                    .OrderBy(record => record.GetProperty("timestamp").GetDateTime()),
            ]
            : [];
    }

    public async ValueTask DisposeAsync()
    {
        await Monitor.DisposeAsync();
        await Server.DisposeAsync();
        _directory.Dispose();
    }

    private static OpenAIClientOptions Options(LoopbackServer server, TimeSpan? timeout, int retries = 0) => new()
    {
        Endpoint = server.Endpoint,
        RetryPolicy = new ImmediateRetryPolicy(retries),
        NetworkTimeout = timeout ?? Limits.Generous,
    };

    private sealed class ImmediateRetryPolicy(int retries) : ClientRetryPolicy(retries)
    {
        protected override TimeSpan GetNextDelay(PipelineMessage message, int tryCount) => TimeSpan.Zero;
    }
}
