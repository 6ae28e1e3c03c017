using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>Speaks the chat completions and embeddings protocols on 127.0.0.1, and counts what it served. The requested model says what
/// happens.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    /// <summary>The model that answers, whatever was asked for.</summary>
    public const string AnsweringModel = "gpt-4o-2024-08-06";

    private const int CachedTokens = 2;
    private const int ReasoningTokens = 1;

    private readonly WebApplication _app;
    private long _requests;
    private long _promptTokens;
    private long _completionTokens;
    private long _errors;
    private long _answers;

    private LoopbackServer(WebApplication app) => _app = app;

    public Uri Endpoint => new(_app.Urls.Single() + "/v1");

    public long Requests => Interlocked.Read(ref _requests);

    public long PromptTokens => Interlocked.Read(ref _promptTokens);

    public long CompletionTokens => Interlocked.Read(ref _completionTokens);

    public long Errors => Interlocked.Read(ref _errors);

    public long Answers => Interlocked.Read(ref _answers);

    /// <summary>Ends when a request of the model <c>hang</c> or the stream of the model <c>stall</c> has come to its standstill.</summary>
    public TaskCompletionSource StandsStill { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets the stream of the model <c>broken</c> break: a reset takes with it what the client has not read yet.</summary>
    public TaskCompletionSource Break { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<LoopbackServer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        var server = new LoopbackServer(app);
        app.MapPost("/v1/chat/completions", server.ChatAsync);
        app.MapPost("/v1/embeddings", server.EmbedAsync);
        await app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<JsonNode> ReadAsync(HttpContext http) => (await JsonNode.ParseAsync(http.Request.Body))!;

    private static async Task WriteAsync(HttpContext http, JsonNode body)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(body.ToJsonString());
    }

    private static async Task SendAsync(HttpContext http, JsonNode? chunk)
    {
        await http.Response.WriteAsync($"data: {chunk?.ToJsonString() ?? "[DONE]"}\n\n");
        await http.Response.Body.FlushAsync();
    }

    private static JsonObject Chunk(string? content, string? finishReason = null, JsonArray? toolCalls = null)
    {
        var delta = new JsonObject { ["role"] = "assistant" };
        if (content is not null)
            delta["content"] = content;
        if (toolCalls is not null)
            delta["tool_calls"] = toolCalls;
        return new JsonObject
        {
            ["id"] = "c1",
            ["object"] = "chat.completion.chunk",
            ["created"] = 1_700_000_000,
            ["model"] = AnsweringModel,
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finishReason }),
        };
    }

    private static JsonArray ToolCall() => [new JsonObject
    {
        ["index"] = 0,
        ["id"] = "call_1",
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = "clock", ["arguments"] = "{}" },
    },
    ];

    private async Task ChatAsync(HttpContext http)
    {
        long number = Interlocked.Increment(ref _requests);
        JsonNode request = await ReadAsync(http);
        string model = request["model"]!.GetValue<string>();
        if (int.TryParse(model, out int status))
        {
            Interlocked.Increment(ref _errors);
            http.Response.StatusCode = status;
            await WriteAsync(
                http,
                new JsonObject
                {
                    ["error"] = new JsonObject { ["message"] = "secret prompt refused", ["type"] = "refused" },
                });
            return;
        }

        if (model == "flaky" && number <= 2)
        {
            Interlocked.Increment(ref _errors);
            http.Response.StatusCode = 503;
            return;
        }

        if (model == "hang")
        {
            StandsStill.TrySetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        }

        JsonArray messages = request["messages"]!.AsArray();
        bool callsTool = request["tools"] is not null && messages[^1]!["role"]!.GetValue<string>() != "tool";
        int prompt = 10 + (int)(number % 7);
        int completion = 3 + (int)(number % 5);
        var usage = new JsonObject
        {
            ["prompt_tokens"] = prompt,
            ["completion_tokens"] = completion,
            ["total_tokens"] = prompt + completion,
            ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = CachedTokens },
            ["completion_tokens_details"] = new JsonObject { ["reasoning_tokens"] = ReasoningTokens },
        };

        if (request["stream"]?.GetValue<bool>() == true)
        {
            http.Response.ContentType = "text/event-stream";
            await SendAsync(http, Chunk(""));
            if (model == "broken-at-once")
            {
                http.Abort();
                return;
            }

            if (callsTool)
            {
                await SendAsync(http, Chunk(null, toolCalls: ToolCall()));
            }
            else
            {
                await SendAsync(http, Chunk("secret "));
                await SendAsync(http, Chunk("answer"));
            }

            if (model == "broken")
            {
                await Break.Task;
                http.Abort();
                return;
            }

            if (model == "stall")
            {
                StandsStill.TrySetResult();
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }

            await SendAsync(http, Chunk(null, callsTool ? "tool_calls" : "stop"));
            if (request["stream_options"]?["include_usage"]?.GetValue<bool>() == true)
            {
                JsonObject last = Chunk(null);
                last["choices"] = new JsonArray();
                last["usage"] = usage;
                await SendAsync(http, last);
            }

            Count(prompt, completion);
            await SendAsync(http, null);
            return;
        }

        Count(prompt, completion);
        var message = new JsonObject { ["role"] = "assistant", ["content"] = callsTool ? null : "secret answer" };
        if (callsTool)
            message["tool_calls"] = ToolCall();
        await WriteAsync(
            http,
            new JsonObject
            {
                ["id"] = "c1",
                ["object"] = "chat.completion",
                ["created"] = 1_700_000_000,
                ["model"] = AnsweringModel,
                ["choices"] = new JsonArray(
                    new JsonObject
                    {
                        ["index"] = 0,
                        ["message"] = message,
                        ["finish_reason"] = callsTool ? "tool_calls" : "stop",
                    }),
                ["usage"] = usage,
            });
    }

    private async Task EmbedAsync(HttpContext http)
    {
        Interlocked.Increment(ref _requests);
        JsonNode request = await ReadAsync(http);
        if (request["model"]!.GetValue<string>() == "500")
        {
            Interlocked.Increment(ref _errors);
            http.Response.StatusCode = 500;
            return;
        }

        Count(prompt: 8, completion: 0);
        await WriteAsync(http, new JsonObject
        {
            ["object"] = "list",
            ["model"] = "text-embedding-3-small-v1",
            ["data"] = new JsonArray(new JsonObject
            {
                ["object"] = "embedding",
                ["index"] = 0,
                ["embedding"] = Convert.ToBase64String(new byte[8]),
            }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 8, ["total_tokens"] = 8 },
        });
    }

    private void Count(int prompt, int completion)
    {
        Interlocked.Increment(ref _answers);
        Interlocked.Add(ref _promptTokens, prompt);
        Interlocked.Add(ref _completionTokens, completion);
    }
}
