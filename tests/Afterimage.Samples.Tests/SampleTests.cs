using System.Globalization;
using System.Text.Json;
using Afterimage.Tests.Otlp;

namespace Afterimage.Samples.Tests;

/// <summary>The samples do what they show, from a fresh clone and without a key.</summary>
public sealed class SampleTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private EchoServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await EchoServer.StartAsync(_directory.Path);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_numbers_of_the_console_program_with_32_callers_are_the_servers(bool streams)
    {
        string[] questions =
        [
            .. Enumerable
                .Range(0, 32 * 8)
                .Select(i =>
                    (i % 8) switch
                    {
                        2 => "400",
                        5 => "401",
                        _ => string.Join(' ', Enumerable.Repeat("word", 1 + (i % 50))),
                    }),
        ];

        string said = await RunAsync("ConsoleChat", streams ? [.. questions, "--stream"] : questions);

        EchoCounts served = await _server.CountsAsync();
        Assert.Equal((questions.Length, questions.Length / 4), (served.Requests, served.Errors));
        Assert.EndsWith(
            $"{served.Requests} calls, {served.PromptTokens + served.CompletionTokens} tokens: "
                + $"{Assert.Single(Runs(".afterimage-monitoring"))}",
            said.TrimEnd(),
            StringComparison.Ordinal);
        Assert.Equal(64, Count(said, "Refused with"));
        Assert.Equal(192, Count(said, "You said: word"));
        JsonElement[] records = Records(Assert.Single(Runs(".afterimage-monitoring")));
        Assert.Equal(served.Requests, records.Length);
        Assert.Equal(served.Errors, records.Count(r => r.TryGetProperty("error", out _)));
        Assert.Equal(served.Requests - served.Errors, records.Count(r => r.GetProperty("success").GetBoolean()));
        Assert.Equal(served.PromptTokens, Sum(records, "prompt_token_count"));
        Assert.Equal(served.CompletionTokens, Sum(records, "completion_token_count"));
        Assert.Equal(streams ? served.Requests - served.Errors : 0, records.Count(r => r.TryGetProperty("time_to_first_token", out _)));
    }

    [Fact]
    public void The_console_program_is_the_one_in_the_readme()
    {
        string program = File.ReadAllText(Path.Combine(Sample.Folder, "ConsoleChat", "Program.cs"));

        Assert.Contains(program, File.ReadAllText(Path.Combine(Sample.Folder, "..", "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_streaming_chat_ends_with_its_budget()
    {
        await using Sample sample = Sample.Start("StreamingChat", _directory.Path, _server.Environment, "20");
        await sample.Input.WriteLineAsync("one two three");                         // 3 and 5 tokens
        Assert.Equal("one two three", await sample.ReadToAsync("You said:"));
        await sample.Input.WriteLineAsync("four five");                             // 10 and 4
        await sample.Input.WriteLineAsync("never sent");

        string said = await sample.FinishAsync();

        // Alerts come in between: they are told by a thread of their own.
        Assert.Contains("\nBudget chat is spent: 22 of 20 tokens.", said, StringComparison.Ordinal);
        Assert.Contains("\n22 of 20 tokens, first token after", said, StringComparison.Ordinal);
        Assert.Contains("[Budget chat is spent: 22 of 20 tokens]", said, StringComparison.Ordinal);
        Assert.Equal(2, (await _server.CountsAsync()).Requests);
        Assert.Equal([8, 14], Records("runs/chat").Select(r => r.GetProperty("total_token_count").GetInt64()));
    }

    [Fact]
    public async Task The_custom_handler_gets_what_the_log_directory_gets()
    {
        string said = await RunAsync("CustomHandler");

        Assert.Equal(4, Count(said, "my-model took 30 s: timeout"));
        Assert.Contains("SlowCallsFile: 20 records handled, 0 lost", said, StringComparison.Ordinal);
        Assert.Equal(20, Records("runs/handler").Length);
    }

    [Fact]
    public async Task The_evaluation_loop_scores_every_answer()
    {
        string said = await RunAsync("EvaluationLoop");

        Assert.Contains("3 evaluations, mean overlap 0.33, worst 0.00", said, StringComparison.Ordinal);
        Assert.Contains("weak_answers: ", said, StringComparison.Ordinal);
        Assert.Equal(
            ["evaluation", "evaluation", "evaluation", "generation", "generation", "generation"],
            Records("runs/evaluation").Select(r => r.GetProperty("event").GetString()).Order());
        Assert.True(File.Exists(Path.Combine(_directory.Path, "runs/evaluation/points.json")));
    }

    [Fact]
    public async Task The_web_host_answers_tells_of_its_health_and_drains_when_it_is_stopped()
    {
        Dictionary<string, string> environment = _server.Environment;
        environment["ASPNETCORE_CONTENTROOT"] = Path.Combine(Sample.Folder, "WebHost");
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.GrpcEndpoint.ToString();

        // What is left at its end is given five seconds: then the exporters have not also to make themselves ready.
        environment["OTEL_METRIC_EXPORT_INTERVAL"] = "200";
        environment["OTEL_BSP_SCHEDULE_DELAY"] = "200";
        await using Sample sample = Sample.Start("WebHost", _directory.Path, environment, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = new Uri(await sample.ReadToAsync("Now listening on:")) };

        for (int i = 0; i < 17; i++)
            Assert.Equal("You said: Hello", await client.GetStringAsync("/ask?question=Hello", Token));
        Assert.Equal("Healthy", await client.GetStringAsync("/health", Token));
        for (int i = 0; i < 3; i++)
            Assert.False((await client.GetAsync("/ask?question=400", Token)).IsSuccessStatusCode);
        Assert.Equal("Degraded", await client.GetStringAsync("/health", Token));

        EchoCounts served = await _server.CountsAsync();
        JsonElement usage = JsonDocument.Parse(await client.GetStringAsync("/usage", Token)).RootElement;
        Assert.Equal(served.PromptTokens, usage.GetProperty("totalPromptTokens").GetInt64());
        Assert.Equal(served.CompletionTokens, usage.GetProperty("totalCompletionTokens").GetInt64());
        Assert.Contains("afterimage_records_recorded_total", await client.GetStringAsync("/metrics", Token), StringComparison.Ordinal);

        await sample.StopAsync();

        Assert.Equal(served.Requests, Records("runs/web").Length);
        Assert.Equal(
            served.Requests,
            collector.Metric("gen_ai.client.operation.duration").Single().Value.Histogram.Points.Sum(p => (long)p.Count));
        Assert.Equal(served.Requests, collector.Spans.Count(s => s.Scope == "Afterimage.Monitoring" && s.Span.ParentSpanId.Length > 0));
        Assert.Contains(
            "Application is shutting down",
            File.ReadAllText(Path.Combine(_directory.Path, "runs/web/afterimage.log")),
            StringComparison.Ordinal);
        Assert.Contains("\"end\"", File.ReadAllText(Path.Combine(_directory.Path, "runs/web/run.json")), StringComparison.Ordinal);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static long Sum(JsonElement[] records, string field) =>
        records.Sum(r => r.TryGetProperty(field, out JsonElement value) ? value.GetInt64() : 0);

    private async Task<string> RunAsync(string name, params IEnumerable<string> arguments)
    {
        await using Sample sample = Sample.Start(name, _directory.Path, _server.Environment, arguments);
        return await sample.FinishAsync();
    }

    private string[] Runs(string directory) => Directory.GetDirectories(Path.Combine(_directory.Path, directory));

    private JsonElement[] Records(string run) => [.. File.ReadLines(Path.Combine(_directory.Path, run, "metrics.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .OrderBy(record => DateTimeOffset.Parse(record.GetProperty("timestamp").GetString()!, CultureInfo.InvariantCulture))];
}
