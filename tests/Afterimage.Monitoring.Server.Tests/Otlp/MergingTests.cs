using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>Nothing is counted twice: spans that tell of the same call are one record, and what comes again is dropped.</summary>
public sealed class MergingTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new(ExportRequest.Time.AddHours(1));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_span_under_one_of_the_same_response_id_is_merged_into_it()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(new ExportRequest().Chat(1, 2, parent: 1, id: "a", model: "inner").Chat(1, 1, id: "a", model: "outer"));

        JsonElement record = Assert.Single(server.Records());
        Assert.Equal("outer", record.Text("model_name"));
        Assert.Equal(10, record.Count("prompt_token_count"));
        Assert.Equal(ExportRequest.Time.AddSeconds(1), record.GetProperty("timestamp").GetDateTimeOffset());
        Assert.Equal(ExportRequest.SpanId(2), record.Tag("merged_span_ids"));
        Assert.Equal(1, server.Statistics.MergedSpans);
    }

    [Fact]
    public async Task A_span_under_one_of_the_same_operation_and_model_is_merged_into_it()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(new ExportRequest().Chat(1, 3, parent: 2).Span(1, 2, parent: 1, ("http.method", "POST")).Chat(1, 1));

        Assert.Equal(10, Assert.Single(server.Records()).Count("prompt_token_count"));
    }

    [Theory]
    [InlineData(GenerationDetails.MaxTokenCount, 1)]
    [InlineData(GenerationDetails.MaxTokenCount + 1, 1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(GenerationDetails.MaxTokenCount, 20)]
    public async Task Counts_that_no_call_has_are_unknown_of_one_span_and_of_several(long count, int spans)
    {
        await using OtlpServer server = await StartAsync();
        var request = new ExportRequest();
        for (int i = 0; i < spans; i++)
            request.Chat(1, 2 + i, parent: 1, id: "a", tokens: count);
        await server.TakeAsync(request.Chat(1, 1, id: "a", tokens: null));

        bool isKnown = spans == 1 && count <= GenerationDetails.MaxTokenCount;
        JsonElement record = Assert.Single(server.Records());
        Assert.Equal(isKnown, record.TryGetProperty("prompt_token_count", out _));
        Assert.Equal(0, server.Statistics.Rejected);
    }

    [Fact]
    public async Task Spans_beside_each_other_and_of_other_models_below_stay_apart()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(
            new ExportRequest().Chat(1, 2, parent: 1).Chat(1, 3, parent: 1).Chat(1, 4, parent: 3, model: "other")
                .Span(1, 1, 0, ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.usage.input_tokens", 30)));

        Assert.Equal(3, server.Records().Count);
        Assert.Equal(30, server.Records().Sum(record => record.Count("prompt_token_count")));
    }

    [Fact]
    public async Task Each_pair_of_many_in_a_trace_is_one_call_though_each_span_comes_alone()
    {
        await using OtlpServer server = await StartAsync();
        for (int call = 0; call < 20; call++)
        {
            await server.TakeAsync(new ExportRequest().Chat(1, 200 + call, parent: 100 + call, id: $"c{call}"));
            await server.TakeAsync(new ExportRequest().Chat(1, 100 + call, parent: 1, id: $"c{call}", tokens: null));
        }

        Assert.Empty(server.Records());
        await server.TakeAsync(
            new ExportRequest().Span(1, 1, 0, ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "planner")));

        Assert.Equal(
            Enumerable.Range(0, 20).Select(call => $"{ExportRequest.SpanId(100 + call)} c{call} planner 10"),
            server.Records()
                .Select(r => $"{r.Text("span_id")} {r.Text("id")} {r.Tag("agent")} {r.Count("prompt_token_count")}")
                .Order(StringComparer.Ordinal));
        Assert.Equal(20, server.Statistics.MergedSpans);
    }

    [Fact]
    public async Task A_call_has_the_agent_and_the_workflow_of_the_nearest_spans_above()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(
            new ExportRequest().Chat(1, 4, parent: 3).Chat(1, 5, parent: 2)
                .Span(1, 3, 2, ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "planner"))
                .Span(1, 2, 1, ("gen_ai.operation.name", "invoke_workflow"), ("gen_ai.workflow.name", "nightly"))
                .Span(1, 1, 0, ("gen_ai.operation.name", "invoke_workflow"), ("gen_ai.workflow.name", "outer")));

        Assert.Equal(
            ["nightly", "nightly/planner"],
            server.Records()
                .Select(record => $"{record.Tag("workflow")}/{record.Tag("agent")}".TrimEnd('/'))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_span_above_that_comes_in_a_later_request_takes_in_the_one_below()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(new ExportRequest().Chat(1, 2, parent: 1, id: "a"));
        Assert.Empty(server.Records());

        await server.TakeAsync(new ExportRequest().Chat(1, 1, id: "a", tokens: null));

        JsonElement record = Assert.Single(server.Records());
        Assert.Equal(ExportRequest.SpanId(1), record.Text("span_id"));
        Assert.Equal(10, record.Count("prompt_token_count"));
        Assert.False(record.Is("usage_missing"));
    }

    [Fact]
    public async Task A_span_that_nothing_came_above_is_recorded_when_the_hold_time_is_over()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(new ExportRequest().Chat(1, 2, parent: 1));
        await AdvanceAsync(server, TimeSpan.FromSeconds(4));
        Assert.Empty(server.Records());

        await AdvanceAsync(server, TimeSpan.FromSeconds(1));
        Assert.Equal(ExportRequest.SpanId(2), Assert.Single(server.Records()).Text("span_id"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    public async Task A_span_above_that_comes_when_the_one_below_is_recorded_is_not_recorded_too(int secondsLater)
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(new ExportRequest().Chat(1, 2, parent: 1, id: "a"));
        await AdvanceAsync(server, TimeSpan.FromSeconds(6));
        await AdvanceAsync(server, TimeSpan.FromSeconds(secondsLater));
        await server.TakeAsync(new ExportRequest().Chat(1, 1, id: "a"));

        Assert.Equal(ExportRequest.SpanId(2), Assert.Single(server.Records()).Text("span_id"));
        Assert.Equal(1, server.Statistics.MergedSpans);
    }

    [Fact]
    public async Task A_span_below_that_comes_minutes_after_the_one_above_is_not_recorded_too()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(new ExportRequest().Chat(1, 1, id: "a"));
        await AdvanceAsync(server, TimeSpan.FromMinutes(9));
        await server.TakeAsync(new ExportRequest().Chat(1, 2, parent: 1, id: "a"));
        await server.StopAsync();

        Assert.Equal(ExportRequest.SpanId(1), Assert.Single(server.Records()).Text("span_id"));
    }

    [Fact]
    public async Task A_span_above_that_comes_after_a_restart_is_not_recorded_beside_the_one_below()
    {
        await using (OtlpServer server = await StartAsync())
        {
            await server.TakeAsync(new ExportRequest().Chat(1, 2, parent: 1, id: "a"));
            await server.StopAsync();
        }

        await using OtlpServer next = await StartAsync();
        await next.TakeAsync(new ExportRequest().Chat(1, 1, id: "a"));
        await next.StopAsync();
        Assert.Equal(ExportRequest.SpanId(2), Assert.Single(next.Records()).Text("span_id"));
    }

    [Fact]
    public async Task A_span_above_without_usage_has_the_sum_of_those_below()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(
            new ExportRequest().Chat(1, 2, parent: 1, tokens: 10).Chat(1, 3, parent: 1, tokens: 20).Chat(1, 1, tokens: null));

        Assert.Equal(30, Assert.Single(server.Records()).Count("prompt_token_count"));
    }

    [Theory]
    [InlineData(1, 2, 3)]
    [InlineData(3, 2, 1)]
    [InlineData(2, 1, 3)]
    [InlineData(2, 3, 1)]
    [InlineData(1, 3, 2)]
    [InlineData(3, 1, 2)]
    public async Task Usage_that_two_levels_tell_counts_once_in_whatever_order_they_come(int first, int second, int third)
    {
        await using OtlpServer server = await StartAsync();
        var request = new ExportRequest();
        foreach (int span in new[] { first, second, third })
            request.Chat(1, span, parent: span - 1, id: "a", tokens: span == 1 ? null : 10);
        await server.TakeAsync(request);

        JsonElement record = Assert.Single(server.Records());
        Assert.Equal(ExportRequest.SpanId(1), record.Text("span_id"));
        Assert.Equal(10, record.Count("prompt_token_count"));
    }

    [Fact]
    public async Task A_circle_of_parents_is_recorded_when_the_hold_time_is_over()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(new ExportRequest().Chat(1, 1, parent: 2, model: "a").Chat(1, 2, parent: 1, model: "b"));
        await AdvanceAsync(server, TimeSpan.FromSeconds(6));

        Assert.Equal(2, server.Records().Count);
    }

    [Fact]
    public async Task A_body_that_is_sent_again_is_dropped_after_a_restart_too()
    {
        // One is recorded, one held, one merged into another.
        ExportRequest request = new ExportRequest().Chat(1, 1).Chat(2, 2, parent: 9).Chat(3, 4, parent: 3, id: "a").Chat(3, 3, id: "a");
        await using (OtlpServer server = await StartAsync())
        {
            await server.TakeAsync(request);
            await server.TakeAsync(request);
            Assert.Equal(4, server.Statistics.RepeatedSpans);
            await server.StopAsync();
        }

        await using OtlpServer next = await StartAsync();
        await next.TakeAsync(request);
        Assert.Equal(4, next.Statistics.RepeatedSpans);
        await next.StopAsync();
        Assert.Equal(3, next.Records().Count);
        Assert.Single(Directory.GetDirectories(_directory.Path));
    }

    [Fact]
    public async Task Spans_held_by_a_killed_server_are_recorded_though_their_sender_never_returns()
    {
        await using OtlpServer server = await StartAsync();
        await server.TakeAsync(new ExportRequest().Chat(1, 2, parent: 1));

        // As a kill at this moment leaves them.
        using var left = new TemporaryDirectory();
        string run = Assert.Single(Directory.GetDirectories(_directory.Path));
        string copy = Directory.CreateDirectory(Path.Combine(left.Path, Path.GetFileName(run))).FullName;
        foreach (string file in Directory.GetFiles(run))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));

        await using OtlpServer next = await OtlpServer.StartAsync(left.Path, time: _time);
        await AdvanceAsync(next, TimeSpan.FromSeconds(1));
        await AdvanceAsync(next, TimeSpan.FromSeconds(5));
        Assert.Equal(ExportRequest.SpanId(2), Assert.Single(next.Records()).Text("span_id"));
    }

    [Fact]
    public async Task A_sender_that_is_silent_ends_its_run_and_goes_on_with_it_when_it_sends_again()
    {
        await using OtlpServer server = await StartAsync(options => options.IdleTimeout = TimeSpan.FromMinutes(2));
        await server.TakeAsync(new ExportRequest().Chat(1, 1));
        string run = Path.Combine(Assert.Single(Directory.GetDirectories(_directory.Path)), "run.json");
        await AdvanceAsync(server, TimeSpan.FromMinutes(1));
        Assert.False(JsonElement.Parse(await File.ReadAllTextAsync(run, OtlpServer.Token)).TryGetProperty("end", out _));

        await AdvanceAsync(server, TimeSpan.FromMinutes(1));
        Assert.True(JsonElement.Parse(await File.ReadAllTextAsync(run, OtlpServer.Token)).TryGetProperty("end", out _));
        Assert.Equal(0, server.Receiver.OpenRuns);

        await server.TakeAsync(new ExportRequest().Chat(1, 1).Chat(2, 2));
        Assert.Equal(2, server.Records().Count);
        Assert.Single(Directory.GetDirectories(_directory.Path));
    }

    [Fact]
    public async Task Each_service_and_instance_is_a_run_of_its_own_below_the_root_whatever_its_name()
    {
        await using OtlpServer server = await StartAsync();
        string[] names = ["a", "../../escape", "/etc/passwd", "A", "a\0b", new string('x', 500), "..", "日本語"];
        int span = 0;
        foreach (string name in names)
            await server.TakeAsync(new ExportRequest(name).Chat(1, ++span));
        await server.TakeAsync(new ExportRequest("a", "1").Chat(1, ++span));
        await server.TakeAsync(new ExportRequest("a", "2").Chat(1, ++span));

        string[] directories = Directory.GetDirectories(_directory.Path);
        Assert.Equal(names.Length + 2, directories.Length);
        Assert.All(directories, directory => Assert.Matches("^otlp-[a-z0-9-]{1,60}$", Path.GetFileName(directory)));
        Assert.Equal(names.Length + 2, server.Records().Count);
    }

    private Task<OtlpServer> StartAsync(Action<OtlpOptions>? configure = null) =>
        OtlpServer.StartAsync(_directory.Path, configure, _time);

    private async Task AdvanceAsync(OtlpServer server, TimeSpan time)
    {
        _time.Advance(time);
        await server.Receiver.TickAsync(waits: true);
    }
}
