using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>What a call is charged with, against what its provider tells of it: by another name, twice, late or never.</summary>
public sealed class UsageTests : IDisposable
{
    private const string Asked = "gpt-4o";
    private const string Dated = "gpt-4o-2024-08-06";
    private readonly TemporaryDirectory _directory = new();
    private readonly List<Alert> _alerts = [];
    private GenerationMonitor? _monitor;

    public void Dispose()
    {
        _monitor?.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(Asked, false)]
    [InlineData(Asked, true)]
    [InlineData(Dated, false)]
    [InlineData(Dated, true)]
    public async Task A_budget_holds_for_the_name_asked_for_and_the_one_that_answered(string budgeted, bool streams)
    {
        using IChatClient client = Client(
            new Budget { Name = "b", Unit = BudgetUnit.Tokens, Limit = 55, ModelName = budgeted },
            [Text("a"), Usage(new() { InputTokenCount = 10, OutputTokenCount = 1 })],
            new() { PromptTokenCount = 10, CompletionTokenCount = 1 });

        Assert.Equal(5, await PassedAsync(client, streams));
        Assert.Equal(55, Status.Spent);
        Assert.Equal(0, Status.Reserved);
    }

    [Fact]
    public async Task A_budget_of_a_tag_holds_for_the_properties_of_the_options()
    {
        using IChatClient client = Client(
            new Budget { Name = "b", Unit = BudgetUnit.Tokens, Limit = 55, Tag = new("tenant", "a") },
            [Text("a"), Usage(new() { InputTokenCount = 10, OutputTokenCount = 1 })],
            new() { PromptTokenCount = 10, CompletionTokenCount = 1 });

        Assert.Equal(100, await PassedAsync(client, streams: true, options: new() { AdditionalProperties = new() { ["tenant"] = "b" } }));
        Assert.Equal(5, await PassedAsync(client, streams: true, options: new() { AdditionalProperties = new() { ["tenant"] = "a" } }));
        Assert.Equal(55, Status.Spent);
    }

    [Fact]
    public async Task A_service_tier_is_taken_from_the_options_or_from_the_answer()
    {
        using IChatClient client = Client(
            null,
            [Usage(new() { InputTokenCount = 1_000_000 })],
            default,
            enrich: call => call.SetTag("openai.response.service_tier", "default"));

        await AskAsync(client, streams: true, options: new() { AdditionalProperties = new() { ["service_tier"] = "batch" } });
        await AskAsync(client, streams: true);

        Assert.Equal(1.5m, _monitor!.GetCost().TotalUsd);
    }

    [Fact]
    public async Task A_budget_in_dollars_of_the_dated_name_is_not_overspent()
    {
        using IChatClient client = Client(
            new Budget { Name = "b", Unit = BudgetUnit.Dollars, Limit = 1, ModelName = Dated },
            [Text("a"), Usage(new() { InputTokenCount = 200_000 })],
            new() { PromptTokenCount = 200_000 });

        Assert.Equal(5, await PassedAsync(client, streams: true));
        Assert.Equal(1, Status.Spent);
    }

    [Fact]
    public async Task A_name_unlike_the_answer_s_is_known_by_the_first_answer()
    {
        using IChatClient client = Client(
            new Budget { Name = "b", Unit = BudgetUnit.Generations, Limit = 5, ModelName = Dated },
            [Text("a"), Usage(new() { InputTokenCount = 1 })],
            new() { PromptTokenCount = 1 },
            asked: "my-deployment");

        Assert.Equal(5, await PassedAsync(client, streams: true));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_without_usage_settles_with_its_estimate(bool streams)
    {
        using IChatClient client = Client(
            new Budget { Name = "b", Unit = BudgetUnit.Dollars, Limit = 1 },
            [Text("a")],
            new() { CostUsd = 0.2m });

        Assert.Equal(5, await PassedAsync(client, streams));
        Assert.Equal(1, Status.Spent);
        Assert.Equal(5, Status.UsageMissingCount);
        Assert.Equal(5, _monitor!.GetCost().UsageMissingCount);
        Assert.Equal(1, _monitor.GetCost().TotalUsd);
        Assert.Equal(5, _monitor.GetMetrics("usage_missing").Sum);
        _monitor.CheckAlerts();
        Assert.Single(_alerts, alert => alert.Message.Contains("reported no usage", StringComparison.Ordinal));
        Assert.All(Records(), record => Assert.True(record.GetProperty("usage_missing").GetBoolean()));
    }

    [Fact]
    public async Task A_resumed_budget_agrees_on_calls_without_usage()
    {
        var budget = new Budget { Name = "b", Unit = BudgetUnit.Dollars, Limit = 1, ResumeFrom = _directory.Path };
        using (IChatClient client = Client(budget, [Text("a")], new() { CostUsd = 0.2m }))
            await AskAsync(client, streams: true);
        BudgetStatus before = Status;
        await _monitor!.DisposeAsync();

        GenerationMonitorOptions options = PatientMonitor.Options(Path.Combine(_directory.Path, "next"));
        options.Pricing = Prices;
        options.Budgets.Add(budget);
        using var next = new GenerationMonitor(options);

        BudgetStatus after = Assert.Single(next.GetBudgets());
        Assert.Equal(0.2m, after.Spent);
        Assert.Equal((before.Spent, before.UsageMissingCount), (after.Spent, after.UsageMissingCount));
    }

    [Fact]
    public async Task A_stream_left_before_its_usage_settles_with_prompt_and_pieces()
    {
        ChatResponseUpdate[] updates =
        [
            .. Enumerable.Repeat("a", 50).Select(Text), Usage(new() { InputTokenCount = 100, OutputTokenCount = 50 }),
        ];
        using IChatClient client = Client(
            new Budget { Name = "b", Unit = BudgetUnit.Tokens, Limit = 900 },
            updates,
            new() { PromptTokenCount = 100, CompletionTokenCount = 50 });

        int passed = await PassedAsync(client, streams: true, pieces: 49);

        Assert.Equal(6, passed);
        Assert.Equal(6 * 149, Status.Spent);
        JsonElement record = Records()[0];
        Assert.Equal(100, record.GetProperty("prompt_token_count").GetInt64());
        Assert.Equal(49, record.GetProperty("completion_token_count").GetInt64());
        Assert.True(record.GetProperty("usage_missing").GetBoolean());
    }

    [Fact]
    public async Task A_call_without_usage_and_without_a_budget_has_no_counts()
    {
        using IChatClient client = Client(null, [Text("a")], default);

        await AskAsync(client, streams: true);

        JsonElement record = Assert.Single(Records());
        Assert.True(record.GetProperty("usage_missing").GetBoolean());
        Assert.False(record.TryGetProperty("prompt_token_count", out _));
        Assert.False(record.TryGetProperty("cost_usd", out _));
    }

    [Fact]
    public async Task Cumulative_usage_of_one_response_counts_once()
    {
        using IChatClient client = Client(
            null,
            [
                .. Enumerable.Range(1, 30).Select(i => Usage(new()
                {
                    InputTokenCount = 1_000, OutputTokenCount = i, TotalTokenCount = 1_000 + i,
                })),
                Usage(new() { InputTokenCount = 1_000, OutputTokenCount = 30, TotalTokenCount = 1_030 }),
            ],
            default);

        await AskAsync(client, streams: true);

        AssertCounts(1_000, 30, 1_030);
    }

    [Fact]
    public async Task Usage_told_in_parts_is_put_together()
    {
        using IChatClient client = Client(
            null,
            [
                Usage(new() { InputTokenCount = 10, OutputTokenCount = 1, TotalTokenCount = 11 }),
                Usage(new() { OutputTokenCount = 30, TotalTokenCount = 30 }),
            ],
            default);

        await AskAsync(client, streams: true);

        AssertCounts(10, 30, total: null);
    }

    [Fact]
    public async Task Usage_told_before_the_id_and_again_with_it_counts_once()
    {
        UsageDetails usage = new() { InputTokenCount = 10, OutputTokenCount = 5 };
        ChatResponseUpdate result = new(ChatRole.Tool, [new FunctionResultContent("1", "noon")]);
        using IChatClient client = Client(
            null,
            [Usage(usage, null), Usage(usage, "1"), Usage(usage, null), result, Usage(usage, ""), Usage(usage, "2")],
            default);

        await AskAsync(client, streams: true);

        AssertCounts(20, 10, total: null);
    }

    [Fact]
    public async Task A_stream_left_before_its_first_piece_settles_with_its_prompt()
    {
        using IChatClient client = Client(
            new Budget { Name = "b", Unit = BudgetUnit.Tokens, Limit = 500 },
            [new(ChatRole.Assistant, ""), Text("a")],
            new() { PromptTokenCount = 100, CompletionTokenCount = 50 });

        Assert.Equal(4, await PassedAsync(client, streams: true, pieces: 1));
        Assert.Equal((400, 4), (Status.Spent, Status.UsageMissingCount));
        JsonElement record = Records()[0];
        Assert.Equal(100, record.GetProperty("prompt_token_count").GetInt64());
        Assert.True(record.GetProperty("usage_missing").GetBoolean());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_was_cancelled_before_it_began_is_charged_nothing(bool streams)
    {
        using IChatClient client = Client(
            new Budget { Name = "b", Unit = BudgetUnit.Tokens, Limit = 500 },
            [Text("a")],
            new() { PromptTokenCount = 100, CompletionTokenCount = 50 });
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => streams
            ? client.GetStreamingResponseAsync("?", cancellationToken: cancelled).ToListAsync(MonitoredServer.Token).AsTask()
            : client.GetResponseAsync("?", cancellationToken: cancelled));

        Assert.Equal((0, 0, 0), (Status.Spent, Status.Reserved, Status.UsageMissingCount));
    }

    [Fact]
    public async Task Usage_of_different_responses_adds_up()
    {
        UsageDetails turn = new() { InputTokenCount = 10, OutputTokenCount = 5, TotalTokenCount = 15 };
        using IChatClient client = Client(null, [Usage(turn, "1"), Usage(turn, "1"), Usage(turn, "2")], default);

        await AskAsync(client, streams: true);

        AssertCounts(20, 10, 30);
    }

    [Fact]
    public async Task Without_response_ids_a_tool_s_result_begins_the_next_response()
    {
        UsageDetails turn = new() { InputTokenCount = 10, OutputTokenCount = 5 };
        ChatResponseUpdate result = new(ChatRole.Tool, [new FunctionResultContent("1", "noon")]);
        using IChatClient client = Client(null, [Usage(turn, null), Usage(turn, null), result, Usage(turn, null)], default);

        await AskAsync(client, streams: true);

        AssertCounts(20, 10, total: null);
    }

    [Theory]
    [InlineData("InputTokenDetails.AudioTokenCount", "audio_prompt_token_count")]
    [InlineData("OutputTokenDetails.AudioTokenCount", "audio_completion_token_count")]
    [InlineData("OutputTokenDetails.ImageTokenCount", "image_completion_token_count")]
    [InlineData("cache_creation_input_tokens", "cache_write_token_count")]
    [InlineData("CacheCreationInputTokens", "cache_write_token_count")]
    [InlineData("cache_creation.ephemeral_1h_input_tokens", "cache_write_1h_token_count")]
    public async Task Additional_counts_are_recorded(string name, string key)
    {
        using IChatClient client = Client(
            null,
            [
                Usage(new()
                {
                    InputTokenCount = 10, OutputTokenCount = 9, AdditionalCounts = new() { [name] = 7 },
                }),
            ],
            default);

        await AskAsync(client, streams: false);

        Assert.Equal(7, Assert.Single(Records()).GetProperty(key).GetInt64());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_count_that_no_call_has_was_not_told_and_the_others_stand(bool streams)
    {
        UsageDetails usage = new()
        {
            InputTokenCount = 10,
            OutputTokenCount = GenerationDetails.MaxTokenCount + 1,
            TotalTokenCount = long.MaxValue,
            ReasoningTokenCount = long.MaxValue,
            AdditionalCounts = new() { ["CacheCreationInputTokens"] = long.MaxValue },
        };
        using IChatClient client = Client(null, [Usage(usage)], default);

        await AskAsync(client, streams);

        JsonElement record = Assert.Single(Records());
        Assert.Equal(
            ["prompt_token_count"],
            record.EnumerateObject().Select(p => p.Name).Where(name => name.EndsWith("_token_count", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Counts_of_several_responses_beyond_those_of_a_call_are_no_usage()
    {
        UsageDetails turn = new() { InputTokenCount = GenerationDetails.MaxTokenCount };
        using IChatClient client = Client(null, [Usage(turn, "1"), Usage(turn, "2")], default);

        await AskAsync(client, streams: true);

        JsonElement record = Assert.Single(Records());
        Assert.False(record.TryGetProperty("prompt_token_count", out _));
        Assert.True(record.GetProperty("usage_missing").GetBoolean());
    }

    [Fact]
    public async Task Cache_writes_for_an_hour_can_be_said_where_the_counts_do_not()
    {
        using IChatClient client = Client(
            null,
            [Usage(new() { InputTokenCount = 10, AdditionalCounts = new() { ["CacheCreationInputTokens"] = 7 } })],
            default,
            enrich: call => call.CacheWriteOneHourTokenCount = 3);

        await AskAsync(client, streams: false);

        JsonElement record = Assert.Single(Records());
        Assert.Equal(7, record.GetProperty("cache_write_token_count").GetInt64());
        Assert.Equal(3, record.GetProperty("cache_write_1h_token_count").GetInt64());
    }

    [Fact]
    public async Task The_name_asked_for_is_recorded_where_the_answer_has_another()
    {
        using IChatClient client = Client(null, [Usage(new() { InputTokenCount = 1 })], default);

        await AskAsync(client, streams: false);

        JsonElement record = Assert.Single(Records());
        Assert.Equal(Dated, record.GetProperty("model_name").GetString());
        Assert.Equal(Asked, record.GetProperty("request_model").GetString());
    }

    private static ModelPricing Prices { get; } =
        ModelPricing.Parse(
            """
            {"models": [{"name": "gpt-4o", "input": 1, "output": 2, "service_tiers": [{"tier": "batch", "input": 0.5, "output": 1}]}]}
            """);

    private BudgetStatus Status => Assert.Single(_monitor!.GetBudgets());

    private static ChatResponseUpdate Text(string text) => new(ChatRole.Assistant, text) { ModelId = Dated, ResponseId = "1" };

    private static ChatResponseUpdate Usage(UsageDetails usage, string? id = "1") =>
        new() { Contents = [new UsageContent(usage)], ModelId = Dated, ResponseId = id };

    private static async Task AskAsync(IChatClient client, bool streams, int pieces = int.MaxValue, ChatOptions? options = null)
    {
        if (!streams)
        {
            await client.GetResponseAsync("?", options, MonitoredServer.Token);
            return;
        }

        int read = 0;
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("?", options, MonitoredServer.Token))
        {
            if (++read == pieces)
                break;
        }
    }

    /// <returns>How many of a hundred calls were let through.</returns>
    private static async Task<int> PassedAsync(
        IChatClient client,
        bool streams,
        int pieces = int.MaxValue,
        ChatOptions? options = null)
    {
        int passed = 0;
        for (int i = 0; i < 100; i++)
        {
            try
            {
                await AskAsync(client, streams, pieces, options);
                passed++;
            }
            catch (BudgetExceededException)
            {
                // As it should.
            }
        }

        return passed;
    }

    private void AssertCounts(long prompt, long completion, long? total)
    {
        JsonElement record = Assert.Single(Records());
        Assert.Equal(prompt, record.GetProperty("prompt_token_count").GetInt64());
        Assert.Equal(completion, record.GetProperty("completion_token_count").GetInt64());
        Assert.Equal(total, record.TryGetProperty("total_token_count", out JsonElement given) ? given.GetInt64() : null);
        Assert.False(record.TryGetProperty("usage_missing", out _));
    }

    private List<JsonElement> Records()
    {
        _monitor!.Dispose();
        return [.. File.ReadLines(Path.Combine(_directory.Path, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private IChatClient Client(
        Budget? budget,
        ChatResponseUpdate[] updates,
        BudgetEstimate estimate,
        string asked = Asked,
        Action<GenerationEnrichment>? enrich = null)
    {
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path);
        options.Pricing = Prices;
        options.AlertHandlers.Add(new AlertList(_alerts));
        if (budget is not null)
            options.Budgets.Add(budget);
        _monitor = new GenerationMonitor(options);
        return new ChatClientBuilder(new Scripted(updates))
            .ConfigureOptions(chat => chat.ModelId = asked)
            .UseGenerationMonitor(_monitor, middleware =>
            {
                middleware.EnforceBudget = budget is not null;
                middleware.BudgetEstimate = (_, _) => estimate;
                middleware.Enrich = enrich;
                middleware.AdditionalPropertyTags.Add("tenant");
            })
            .Build();
    }

    private sealed class AlertList(List<Alert> alerts) : IAlertHandler
    {
        public ValueTask HandleAlertsAsync(IReadOnlyList<Alert> news, CancellationToken cancellationToken)
        {
            alerts.AddRange(news);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Scripted(ChatResponseUpdate[] updates) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(updates.ToChatResponse());
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (ChatResponseUpdate update in updates)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                yield return update;
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
