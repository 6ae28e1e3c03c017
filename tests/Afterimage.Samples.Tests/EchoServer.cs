using System.Net.Http.Json;

namespace Afterimage.Samples.Tests;

/// <summary>The samples' stand-in for a model, running.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly HttpClient _client = new();
    private readonly Sample _sample;
    private readonly string _endpoint;

    private EchoServer(Sample sample, string endpoint)
    {
        _sample = sample;
        _endpoint = endpoint;
    }

    /// <summary>What leads a sample to it.</summary>
    public Dictionary<string, string> Environment => new() { ["OPENAI_BASE_URL"] = _endpoint, ["OPENAI_API_KEY"] = "none" };

    public static async Task<EchoServer> StartAsync(string directory)
    {
        Sample sample = Sample.Start("EchoServer", directory, new Dictionary<string, string>(), "--urls", "http://127.0.0.1:0");
        return new EchoServer(sample, await sample.ReadToAsync("OPENAI_BASE_URL="));
    }

    public async Task<EchoCounts> CountsAsync() =>
        (
            await _client.GetFromJsonAsync<EchoCounts>(
                _endpoint.Replace("/v1", "/counts", StringComparison.Ordinal),
                TestContext.Current.CancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _sample.DisposeAsync();
    }
}

/// <summary>What the server served.</summary>
internal sealed record EchoCounts(long Requests, long Errors, long PromptTokens, long CompletionTokens);
