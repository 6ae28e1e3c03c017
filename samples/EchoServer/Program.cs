using System.Globalization;
using System.Text.Json.Nodes;

// Stands in for a model, so that the samples run without a key: it speaks the chat completions protocol, plain and streamed, answers with
// the question, and counts what it served. A token is a word. A question that is an HTTP status, such as 401, is refused with it.
var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls(builder.Configuration["urls"] ?? "http://127.0.0.1:8400");
builder.Logging.SetMinimumLevel(LogLevel.Warning);
await using var app = builder.Build();

long requests = 0,
    errors = 0,
    promptTokens = 0,
    completionTokens = 0;
app.MapGet(
    "/counts",
    () =>
        new JsonObject
        {
            ["requests"] = requests,
            ["errors"] = errors,
            ["promptTokens"] = promptTokens,
            ["completionTokens"] = completionTokens,
        });
app.MapPost("/v1/chat/completions", AnswerAsync);
await app.StartAsync();
Console.WriteLine($"OPENAI_BASE_URL={app.Urls.Single()}/v1");
await app.WaitForShutdownAsync();

async Task AnswerAsync(HttpContext http)
{
    Interlocked.Increment(ref requests);
    JsonNode request = (await JsonNode.ParseAsync(http.Request.Body))!;
    string[] messages = [.. request["messages"]!.AsArray().Select(m => m!["content"]!.GetValue<string>())];
    if (int.TryParse(messages[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int status))
    {
        Interlocked.Increment(ref errors);
        http.Response.StatusCode = status;
        await http.Response.WriteAsJsonAsync(
            new JsonObject
            {
                ["error"] = new JsonObject { ["message"] = $"Refused with {status}", ["type"] = "refused" },
            });
        return;
    }

    string[] words = $"You said: {messages[^1]}".Split(' ');
    int prompt = messages.Sum(message => message.Split(' ').Length);
    Interlocked.Add(ref promptTokens, prompt);
    Interlocked.Add(ref completionTokens, words.Length);
    var usage = new JsonObject
    {
        ["prompt_tokens"] = prompt,
        ["completion_tokens"] = words.Length,
        ["total_tokens"] = prompt + words.Length,
    };
    if (request["stream"]?.GetValue<bool>() != true)
    {
        await http.Response.WriteAsJsonAsync(Completion("message", string.Join(' ', words), "stop", usage));
        return;
    }

    http.Response.ContentType = "text/event-stream";
    foreach (string word in words)
        await SendAsync(Completion("delta", word == words[0] ? word : $" {word}", null, null).ToJsonString());
    await SendAsync(Completion("delta", "", "stop", usage).ToJsonString());
    await SendAsync("[DONE]");

    async Task SendAsync(string data)
    {
        await http.Response.WriteAsync($"data: {data}\n\n");
        await http.Response.Body.FlushAsync();
    }
}

static JsonObject Completion(string part, string content, string? finishReason, JsonObject? usage) => new()
{
    ["id"] = "echo",
    ["object"] = part == "delta" ? "chat.completion.chunk" : "chat.completion",
    ["created"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
    ["model"] = "echo-1",
    ["choices"] = new JsonArray(new JsonObject
    {
        ["index"] = 0,
        [part] = new JsonObject { ["role"] = "assistant", ["content"] = content },
        ["finish_reason"] = finishReason,
    }),
    ["usage"] = usage,
};
