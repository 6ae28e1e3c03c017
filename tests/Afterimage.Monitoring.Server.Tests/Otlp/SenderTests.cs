using System.Net;
using System.Text.Json;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>What real senders' bodies come to. What was called is known (see the bodies' README), so that the right figures are.</summary>
public sealed class SenderTests
{
    public static TheoryData<string, int, int, int, long, long, string[]> Bodies => new()
    {
        { "otel-json/001-traces.json", 5, 1, 0, 4 * 374 + 8, 4 * 44, ["RateLimitError"] },
        { "otel-proto/004-traces.pb.gz", 5, 1, 0, 4 * 374 + 8, 4 * 44, ["RateLimitError"] },
        { "traceloop-json/007-traces.json", 4, 0, 1, 3 * 374, 3 * 44, [] },
        { "traceloop-proto/008-traces.pb.gz", 4, 0, 1, 3 * 374, 3 * 44, [] },
        { "openinference-json/009-traces.json", 5, 1, 3, 3 * 374, 3 * 44, [] },
        { "vercel-ai6-json/012-traces.json", 6, 1, 0, 4 * 374 + 8, 4 * 44, ["AI_APICallError", "AI_APICallError"] },
        { "vercel-ai6-proto/013-traces.pb.gz", 6, 1, 0, 4 * 374 + 8, 4 * 44, ["AI_APICallError", "AI_APICallError"] },
        { "vercel-ai7-LegacyOpenTelemetry-json/041-traces.json", 5, 1, 0, 4 * 374 + 8, 4 * 44, ["AI_RetryError"] },
        { "dotnet-meai/016-traces.pb", 6, 1, 1, 4 * 374 + 8, 4 * 44, ["System.ClientModel.ClientResultException"] },
        { "dotnet-agent/022-traces.pb", 2, 0, 0, 2 * 374, 2 * 44, [] },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_real_senders_body_comes_to_exactly_the_calls_that_were_made(
        string name, int chats, int embeddings, int withoutUsage, long promptTokens, long completionTokens, string[] errors)
    {
        byte[] body = SharedBodies.Read(name);
        using var directory = new TemporaryDirectory();
        await using OtlpServer server = await OtlpServer.StartAsync(directory.Path);
        using HttpResponseMessage response = await server.PostAsync(
            "/v1/traces",
            body,
            name.EndsWith(".json", StringComparison.Ordinal) ? "application/json" : "application/x-protobuf",
            name.EndsWith(".gz", StringComparison.Ordinal) ? "gzip" : null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await server.StopAsync();

        Check(server.Records(), chats, embeddings, withoutUsage, promptTokens, completionTokens, errors);
    }

    [Fact]
    public async Task A_real_senders_gRPC_message_comes_to_exactly_the_calls_that_were_made()
    {
        byte[] message = SharedBodies.Read("otel-grpc/011-trace.grpc.pb");
        using var directory = new TemporaryDirectory();
        await using OtlpServer server = await OtlpServer.StartAsync(directory.Path);
        GrpcAnswer answer = await GrpcCall.SendAsync(server.GrpcEndpoint, message);
        Assert.Equal("0", answer.Status);
        await server.StopAsync();

        Check(server.Records(), 5, 1, 0, 4 * 374 + 8, 4 * 44, ["RateLimitError"]);
    }

    [Theory]
    [InlineData("otel-json/002-logs.json", "/v1/logs", "application/json", null)]
    [InlineData("otel-proto/005-logs.pb.gz", "/v1/logs", "application/x-protobuf", "gzip")]
    [InlineData("otel-json/003-metrics.json", "/v1/metrics", "application/json", null)]
    [InlineData("otel-proto/006-metrics.pb.gz", "/v1/metrics", "application/x-protobuf", "gzip")]
    [InlineData("dotnet-meai/017-metrics.pb", "/v1/metrics", "application/x-protobuf", null)]
    [InlineData("dotnet-agent/023-metrics.pb", "/v1/metrics", "application/x-protobuf", null)]
    public async Task Logs_and_metrics_of_real_senders_are_counted_and_no_records(string name, string path, string type, string? encoding)
    {
        byte[] body = SharedBodies.Read(name);
        using var directory = new TemporaryDirectory();
        await using OtlpServer server = await OtlpServer.StartAsync(directory.Path);
        using HttpResponseMessage response = await server.PostAsync(path, body, type, encoding);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.NotEqual(0, server.Statistics.LogRecords + server.Statistics.Metrics);
        await server.StopAsync();

        Assert.Empty(server.Records());
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Path));
    }

    [Fact]
    public async Task A_real_body_tells_all_that_it_has_of_a_call()
    {
        byte[] body = SharedBodies.Read("vercel-ai6-json/012-traces.json");
        using var directory = new TemporaryDirectory();
        await using OtlpServer server = await OtlpServer.StartAsync(directory.Path);
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", body, "application/json");
        await server.StopAsync();

        JsonElement stream = Assert.Single(server.Records(), record => record.TryGetProperty("time_to_first_token", out _));
        Assert.InRange(stream.GetProperty("time_to_first_token").GetDouble(), 0.05, 60);
        Assert.Equal("openai", stream.Text("provider"));
        Assert.Equal("stop", stream.Text("finish_reason"));
        Assert.Equal("chatcmpl-1", stream.Text("id"));
        Assert.Equal(128, stream.Count("cached_prompt_token_count"));
        Assert.Equal(16, stream.Count("reasoning_token_count"));
        Assert.Equal(32, stream.Text("trace_id")!.Length);
        Assert.Equal("sender-vercel", stream.Tag("service.name"));
        Assert.Equal("ai", stream.Tag("otel.scope.name"));
        Assert.Single(server.Records(), record => record.Text("finish_reason") == "tool_calls");
    }

    [Fact]
    public async Task A_call_below_an_agents_span_has_the_agents_name()
    {
        byte[] body = SharedBodies.Read("dotnet-agent/022-traces.pb");
        using var directory = new TemporaryDirectory();
        await using OtlpServer server = await OtlpServer.StartAsync(directory.Path);
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", body);
        await server.StopAsync();

        Assert.All(server.Records(), record => Assert.Equal("Explainer", record.Tag("agent")));
    }

    private static void Check(
        IReadOnlyList<JsonElement> records,
        int chats,
        int embeddings,
        int withoutUsage,
        long promptTokens,
        long completionTokens,
        string[] errors)
    {
        Assert.Equal(chats, records.Count(record => record.Text("operation") == "chat"));
        Assert.Equal(embeddings, records.Count(record => record.Text("operation") == "embeddings"));
        Assert.Equal(chats + embeddings, records.Count);
        Assert.Equal(withoutUsage, records.Count(record => record.Is("usage_missing")));
        Assert.Equal(promptTokens, records.Sum(record => record.Count("prompt_token_count")));
        Assert.Equal(completionTokens, records.Sum(record => record.Count("completion_token_count")));
        Assert.Equal(errors, records.Where(record => !record.Is("success")).Select(record => record.Text("error")));
        Assert.All(records, record => Assert.NotNull(record.Text("model_name")));
    }
}
