using System.Text.Json;
using Afterimage.Monitoring.Server.Tests.Otlp;

namespace Afterimage.Monitoring.Server.Tests.Node;

/// <summary>What programs in JavaScript send, as their packages are today.</summary>
public sealed class SenderTests(NodeScripts scripts) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("http/json")]
    [InlineData("grpc")]
    public async Task Each_call_that_spans_of_the_conventions_tell_of_is_a_record(string protocol)
    {
        (JsonElement said, Dictionary<string, JsonElement> records) = await SendAsync("conventions.mjs", [], protocol);

        string?[] expected = [.. said.GetProperty("calls").EnumerateArray().Select(Call)];
        Assert.Equal(5, expected.Length);
        Assert.Equal(expected.Order(StringComparer.Ordinal), records.Values.Select(Call).Order(StringComparer.Ordinal));
        Assert.Equal(10 + 20 + 40 + 50, records.Values.Sum(record => record.Count("prompt_token_count")));
        Assert.Equal(3 + 4 + 8, records.Values.Sum(record => record.Count("completion_token_count")));
        JsonElement failed = Assert.Single(records.Values, record => !record.Is("success"));
        Assert.Equal("refused", failed.Text("id"));
        Assert.Equal("rate_limit_exceeded", failed.Text("error"));
        Assert.Equal("gcp.gemini", records["contents"].Text("provider"));
        Assert.All(records.Values, record => Assert.Equal("gpt-4o-2024-08-06", record.Text("model_name")));
        Assert.All(records.Values, record => Assert.Equal("sender", record.Tag("service.name")));
    }

    [Fact]
    public async Task A_span_of_the_conventions_tells_all_that_it_has_of_a_call()
    {
        (_, Dictionary<string, JsonElement> records) = await SendAsync("conventions.mjs", [], "http/protobuf");

        JsonElement answer = records["answer"];
        Assert.Equal("chat", answer.Text("operation"));
        Assert.Equal("gpt-4o", answer.Text("request_model"));
        Assert.Equal("openai", answer.Text("provider"));
        Assert.Equal(20, answer.Count("prompt_token_count"));
        Assert.Equal(4, answer.Count("completion_token_count"));
        Assert.Equal(5, answer.Count("cached_prompt_token_count"));
        Assert.Equal(6, answer.Count("cache_write_token_count"));
        Assert.Equal(2, answer.Count("reasoning_token_count"));
        Assert.Equal("stop", answer.Text("finish_reason"));
        Assert.Equal("tool_calls", records["plan"].Text("finish_reason"));
        Assert.Equal(0.25, answer.GetProperty("time_to_first_token").GetDouble());
        Assert.Equal("conversation-1", answer.Tag("conversation_id"));
        Assert.Equal("api.example.com", answer.Tag("server.address"));
        Assert.Equal("planner", answer.Tag("agent"));
        Assert.Equal("nightly", answer.Tag("workflow"));
        Assert.Null(records["vectors"].Tag("workflow"));
    }

    /// <summary>By the SDK's version, and whether a call's tries are one span or a span each.</summary>
    [Theory]
    [InlineData("6", true)]
    [InlineData("7", false)]
    [InlineData("7-legacy", false)]
    public async Task Each_call_of_Vercels_SDK_is_one_record_with_the_tokens_of_its_answer(string version, bool hasTries)
    {
        (JsonElement said, IReadOnlyList<JsonElement> records) = await ReceiveAsync("vercel.mjs", [version], "http/protobuf");

        JsonElement[] asked = [.. said.GetProperty("answered").EnumerateArray()];
        JsonElement[] answered = [.. asked.Where(call => call.Count("status") == 200)];
        Assert.Equal(["AI_APICallError", "AI_RetryError"], said.GetProperty("refused").EnumerateArray().Select(error => error.GetString()));
        Assert.Equal((8, 5), (asked.Length, answered.Length));
        Assert.Equal(hasTries ? 8 : 7, records.Count);

        JsonElement[] succeeded = [.. records.Where(record => record.Is("success"))];
        Assert.Equal(answered.Select(Told).Order(StringComparer.Ordinal), succeeded.Select(Recorded).Order(StringComparer.Ordinal));
        Assert.Equal(Sum(answered, "cached"), succeeded.Sum(record => record.Count("cached_prompt_token_count")));

        // Its own spans of version 7 do not tell of them.
        Assert.Equal(version == "7" ? 0 : Sum(answered, "reasoning"), succeeded.Sum(record => record.Count("reasoning_token_count")));
        Assert.All(succeeded, record => Assert.Equal("openai", record.Text("provider")));
        Assert.Single(succeeded, record => record.TryGetProperty("time_to_first_token", out _));
        Assert.Equal(1, succeeded.Count(record => record.Text("finish_reason") == "tool_calls"));
        Assert.Equal(3, succeeded.Count(record => record.Text("finish_reason") == "stop"));

        string?[] tries = hasTries ? ["AI_APICallError", "AI_APICallError"] : ["AI_RetryError"];
        Assert.Equal(["AI_APICallError"], Errors("refuses-400"));
        Assert.Equal(tries, Errors("refuses-429"));

        IEnumerable<string?> Errors(string model) =>
            records.Where(record => record.Text("model_name") == model && !record.Is("success")).Select(record => record.Text("error"));
    }

    [Fact]
    public async Task Each_call_of_OpenAIs_package_is_a_record_except_a_stream_that_was_left()
    {
        (JsonElement said, IReadOnlyList<JsonElement> records) =
            await ReceiveAsync("openai.mjs", [], "http/protobuf", ("NODE_OPTIONS", "--import ./telemetry.mjs"));

        JsonElement[] asked = [.. said.GetProperty("answered").EnumerateArray()];
        JsonElement[] answered = [.. asked.Where(call => call.Count("status") == 200 && call.Text("model") != "left")];
        Assert.Equal((6, 4), (asked.Length, answered.Length));
        JsonElement[] succeeded = [.. records.Where(record => record.Is("success"))];
        Assert.Equal(answered.Select(Told).Order(StringComparer.Ordinal), succeeded.Select(Recorded).Order(StringComparer.Ordinal));
        JsonElement refused = Assert.Single(records, record => !record.Is("success"));
        Assert.Equal(("refuses-429", "RateLimitError"), (refused.Text("model_name"), refused.Text("error")));
    }

    // Embeddings have no id, so that the counts, which differ from answer to answer, say which it is.
    private static string Told(JsonElement call) => call.Text("operation") == "embeddings"
        ? $"embeddings {call.Text("model")} {call.Count("prompt")} 0"
        : $"chat {call.Text("model")} {call.Count("prompt")} {call.Count("completion")} {call.Text("id")}";

    private static string Recorded(JsonElement record) =>
        $"{record.Text("operation")} {record.Text("model_name")} {record.Count("prompt_token_count")}"
        + $" {record.Count("completion_token_count")}"
        + (record.Text("id") is { } id ? $" {id}" : "");

    private static long Sum(IEnumerable<JsonElement> answered, string tokens) =>
        answered.Where(call => call.Text("operation") == "chat").Sum(call => call.Count(tokens));

    private static string Call(JsonElement call) =>
        $"{call.Text("id")} {call.Text("operation")} {call.Text("trace_id")} {call.Text("span_id")}";

    private async Task<(JsonElement Said, Dictionary<string, JsonElement> Records)> SendAsync(
        string script, IEnumerable<string> arguments, string protocol)
    {
        (JsonElement said, IReadOnlyList<JsonElement> records) = await ReceiveAsync(script, arguments, protocol);
        return (said, records.ToDictionary(record => record.Text("id")!, StringComparer.Ordinal));
    }

    /// <summary>Has a script send, and ends the server.</summary>
    private async Task<(JsonElement Said, IReadOnlyList<JsonElement> Records)> ReceiveAsync(
        string script,
        IEnumerable<string> arguments,
        string protocol,
        params (string Name, string Value)[] variables)
    {
        await using OtlpServer server = await OtlpServer.StartAsync(
            _directory.Path,
            options =>
            {
                options.Key = "key";
                options.HoldTime = Limits.Generous;
            });
        JsonElement said = await scripts.RunAsync(
            script,
            arguments,
            [
                .. variables,
                ("OTEL_SERVICE_NAME", "sender"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", $"{(protocol == "grpc" ? server.GrpcEndpoint : server.HttpEndpoint)}"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=key"),

                // In milliseconds: this machine may stand still for longer than the ten seconds that an exporter waits otherwise.
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "120000"),
                ("OTEL_BSP_EXPORT_TIMEOUT", "120000"),
            ]);
        await server.StopAsync();
        Assert.Equal(0, server.Statistics.Rejected);
        return (said, server.Records());
    }
}
