using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>Which span is a generation, and what its attributes come to.</summary>
public sealed class MappingTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("openinference.span.kind", "LLM", true)]
    [InlineData("openinference.span.kind", "EMBEDDING", true)]
    [InlineData("openinference.span.kind", "CHAIN", false)]
    [InlineData("openinference.span.kind", "AGENT", false)]
    [InlineData("ai.operationId", "ai.generateObject.doGenerate", true)]
    [InlineData("ai.operationId", "ai.streamText.doStream", true)]
    [InlineData("ai.operationId", "ai.embedMany.doEmbed", true)]
    [InlineData("ai.operationId", "ai.generateText", false)]
    [InlineData("gen_ai.operation.name", "text_completion", true)]
    [InlineData("gen_ai.operation.name", "generate_content", true)]
    [InlineData("gen_ai.operation.name", "invoke_agent", false)]
    [InlineData("gen_ai.operation.name", "execute_tool", false)]
    [InlineData("llm.request.type", "chat", true)]
    [InlineData("gen_ai.usage.input_tokens", "10", false)]
    public async Task A_span_is_a_generation_by_its_kind_and_never_by_its_usage(string name, string value, bool isGeneration) =>
        Assert.Equal(isGeneration ? 1 : 0, (await TakeAsync((name, value), ("gen_ai.usage.output_tokens", 5))).Count);

    [Fact]
    public async Task The_first_rule_that_fits_decides()
    {
        Assert.Empty(await TakeAsync(("openinference.span.kind", "CHAIN"), ("gen_ai.operation.name", "chat")));
        Assert.Empty(await TakeAsync(("gen_ai.operation.name", "invoke_agent"), ("llm.request.type", "chat")));
    }

    [Theory]
    [InlineData("gen_ai.usage.input_tokens", "prompt_token_count")]
    [InlineData("gen_ai.usage.prompt_tokens", "prompt_token_count")]
    [InlineData("ai.usage.tokens", "prompt_token_count")]
    [InlineData("llm.token_count.completion", "completion_token_count")]
    [InlineData("llm.usage.total_tokens", "total_token_count")]
    [InlineData("gen_ai.usage.cache_read.input_tokens", "cached_prompt_token_count")]
    [InlineData("gen_ai.usage.cache_creation.input_tokens", "cache_write_token_count")]
    [InlineData("gen_ai.usage.cache_write.input_tokens", "cache_write_token_count")]
    [InlineData("gen_ai.usage.reasoning.output_tokens", "reasoning_token_count")]
    public async Task A_count_is_taken_as_a_number_as_text_and_as_a_fraction_of_nothing(string attribute, string field)
    {
        foreach (object value in new object[] { 7, "7", 7.0 })
            Assert.Equal(7, (await ChatAsync((attribute, value))).Count(field));
        foreach (object value in new object[] { -7, "seven", 7.5, true })
            Assert.False((await ChatAsync((attribute, value))).TryGetProperty(field, out _));
    }

    [Fact]
    public async Task A_total_that_is_the_sum_of_its_parts_is_left_out_and_any_other_is_kept()
    {
        (string, object)[] parts = [("gen_ai.usage.input_tokens", 3), ("gen_ai.usage.output_tokens", 4)];
        Assert.False((await ChatAsync([.. parts, ("gen_ai.usage.total_tokens", 7)])).TryGetProperty("total_token_count", out _));
        Assert.Equal(9, (await ChatAsync([.. parts, ("gen_ai.usage.total_tokens", 9)])).Count("total_token_count"));
    }

    [Theory]
    [InlineData("openai.chat", "openai")]
    [InlineData("azure.ai.openai", "azure.ai.openai")]
    [InlineData("aws.bedrock", "aws.bedrock")]
    [InlineData("gcp.vertex_ai", "gcp.vertex_ai")]
    public async Task A_provider_is_cut_at_its_dot_unless_that_is_part_of_its_name(string given, string expected) =>
        Assert.Equal(expected, (await ChatAsync(("gen_ai.system", given))).Text("provider"));

    [Theory]
    [InlineData("tool-calls", "tool_calls")]
    [InlineData("ToolCalls", "tool_calls")]
    [InlineData("[\"tool_call\"]", "tool_calls")]
    [InlineData("[\"stop\",\"length\"]", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("Stop", "stop")]
    [InlineData("something", "something")]
    public async Task A_finish_reason_has_one_name_whoever_writes_it(string given, string expected)
    {
        Assert.Equal(expected, (await ChatAsync(("gen_ai.response.finish_reasons", given))).Text("finish_reason"));
        Assert.Equal(expected, (await ChatAsync(("gen_ai.response.finish_reasons", new[] { given }))).Text("finish_reason"));
    }

    [Fact]
    public async Task A_model_is_the_one_that_answered_and_the_request_is_told_where_it_differs()
    {
        JsonElement record = await ChatAsync(("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.model", "gpt-4o-2024"));
        Assert.Equal("gpt-4o-2024", record.Text("model_name"));
        Assert.Equal("gpt-4o", record.Text("request_model"));

        JsonElement same = await ChatAsync(("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.model", "gpt-4o"));
        Assert.Null(same.Text("request_model"));
    }

    [Fact]
    public async Task A_failed_call_has_its_error_and_no_missing_usage()
    {
        JsonElement record = await ChatAsync(("error.type", "timeout"));
        Assert.False(record.Is("success"));
        Assert.Equal("timeout", record.Text("error"));
        Assert.False(record.Is("usage_missing"));
        Assert.True((await ChatAsync()).Is("usage_missing"));
    }

    [Fact]
    public async Task Tags_say_whose_call_it_was_and_contents_are_never_kept()
    {
        JsonElement record = await ChatAsync(
            ("gen_ai.conversation.id", "c1"),
            ("user.id", "u1"),
            ("gen_ai.agent.name", "helper"),
            ("traceloop.workflow.name", "flow"),
            ("server.address", "api.example"),
            ("gen_ai.input.messages", """[{"role":"user","content":"SECRET"},{"role":"user","content":"SECRET"}]"""),
            ("gen_ai.prompt.0.content", "SECRET"),
            ("input.value", "SECRET"));
        Assert.Equal("c1", record.Tag("conversation_id"));
        Assert.Equal("u1", record.Tag("user_id"));
        Assert.Equal("helper", record.Tag("agent"));
        Assert.Equal("flow", record.Tag("workflow"));
        Assert.Equal("api.example", record.Tag("server.address"));
        Assert.Equal(2, record.Count("conversation_length"));
        Assert.DoesNotContain("SECRET", record.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_with_line_breaks_and_of_any_length_stay_data()
    {
        JsonElement record = await ChatAsync(("gen_ai.response.model", "a\nb\"{}\u202E" + new string('é', 1000)), ("user.id", "\r\n"));
        Assert.StartsWith("a\nb\"{}\u202E", record.Text("model_name"), StringComparison.Ordinal);
        Assert.InRange(record.Text("model_name")!.Length, 200, 512);
        Assert.DoesNotContain('\uFFFD', record.Text("model_name")!);
    }

    [Fact]
    public async Task A_generation_that_cannot_be_recorded_is_told_and_the_others_are_taken()
    {
        JsonNode request = JsonNode.Parse(new ExportRequest().Chat(1, 1).Chat(1, 2).Chat(1, 3).Json())!;
        JsonArray spans = (JsonArray)request["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]!;
        spans[0]!["endTimeUnixNano"] = "1";
        spans[1]!["spanId"] = "no id";
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path);
        using HttpResponseMessage response = await server.PostAsync(
            "/v1/traces",
            Encoding.UTF8.GetBytes(request.ToJsonString()),
            "application/json");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement partial = JsonElement.Parse(await response.Content.ReadAsStringAsync(OtlpServer.Token)).GetProperty("partialSuccess");
        Assert.Equal("2", partial.Text("rejectedSpans"));
        Assert.NotEmpty(partial.Text("errorMessage")!);
        Assert.Equal(ExportRequest.SpanId(3), Assert.Single(server.Records()).Text("span_id"));
    }

    [Fact]
    public async Task An_evaluation_event_is_an_evaluation_once()
    {
        byte[] body = Encoding.UTF8.GetBytes(
            ExportRequest.Of(
                "resourceLogs",
                "scopeLogs",
                "logRecords",
                "judge",
                null,
                [
                    new JsonObject
                    {
                        ["timeUnixNano"] = "1795710538770000000",
                        ["eventName"] = "gen_ai.evaluation.result",
                        ["attributes"] = ExportRequest.Attributes([
                            ("gen_ai.evaluation.name", "Relevance"),
                            ("gen_ai.evaluation.score.value", 0.75),
                            ("gen_ai.evaluation.score.label", "good"),
                            ("gen_ai.evaluation.explanation", "to the point"),
                            ("gen_ai.response.id", "chatcmpl-7"),
                        ]),
                    },
                    new JsonObject { ["timeUnixNano"] = "1795710538770000000", ["eventName"] = "something.else" },
                ]).ToJsonString());
        for (int start = 0; start < 2; start++)
        {
            await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path);
            for (int i = 0; i < 2; i++)
            {
                using HttpResponseMessage response = await server.PostAsync("/v1/logs", body, "application/json");
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }

            await server.StopAsync();
        }

        JsonElement record = Assert.Single(OtlpServer.RecordsIn(_directory.Path));
        Assert.Equal("evaluation", record.Text("event"));
        Assert.Equal("Relevance", record.Text("evaluator_type"));
        Assert.Equal(0.75, record.GetProperty("scores").GetProperty("Relevance").GetDouble());
        Assert.Equal("to the point", record.GetProperty("feedback").Text("Relevance"));
        Assert.Equal("good", record.Tag("score_label"));
        Assert.Equal("chatcmpl-7", record.Text("generation_id"));
    }

    private static async Task<JsonElement> ChatAsync(params (string Name, object Value)[] attributes) =>
        Assert.Single(await TakeAsync([("gen_ai.operation.name", "chat"), .. attributes]));

    private static async Task<IReadOnlyList<JsonElement>> TakeAsync(params (string Name, object Value)[] attributes)
    {
        using var directory = new TemporaryDirectory();
        await using OtlpServer server = await OtlpServer.StartAsync(directory.Path);
        await server.TakeAsync(new ExportRequest().Span(1, 1, 0, attributes));
        return server.Records();
    }
}
