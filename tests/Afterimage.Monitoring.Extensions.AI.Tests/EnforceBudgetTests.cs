using System.ClientModel;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>Calls over HTTP against budgets: what is refused never reaches the server.</summary>
public sealed class EnforceBudgetTests
{
    private const int Callers = 32;
    private const int CallsOfACaller = 20;

    private static readonly ChatOptions WithTool = new() { Tools = [AIFunctionFactory.Create(() => "noon", "clock")] };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_beyond_the_budget_is_refused_before_it_is_sent(bool streams)
    {
        await using MonitoredServer run = await StartAsync(Generations(2));
        using IChatClient client = run.Client(configure: Enforce);

        await AskAsync(client, streams);
        await AskAsync(client, streams);
        BudgetExceededException refusal = await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, streams));

        Assert.Equal("b", refusal.Status.Budget.Name);
        Assert.Equal(2, run.Server.Requests);
        Assert.Equal((2m, 0m), Figures(run));
        Assert.Equal(2, run.Records().Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_it_a_spent_budget_refuses_nothing(bool streams)
    {
        await using MonitoredServer run = await StartAsync(Generations(1));
        using IChatClient client = run.Client();

        await AskAsync(client, streams);
        await AskAsync(client, streams);

        Assert.Equal(2, run.Server.Requests);
    }

    /// <summary>Every call reserves a place, so that not one more than the limit is sent however many race for the last.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parallel_callers_send_exactly_what_the_budget_has_room_for(bool streams)
    {
        const int Limit = 100;
        await using MonitoredServer run = await StartAsync(Generations(Limit));
        using IChatClient client = run.Client(configure: Enforce);

        int refused = await RaceAsync(client, streams);

        Assert.Equal(Limit, run.Server.Requests);
        Assert.Equal(Limit, run.Server.Answers);
        Assert.Equal((Callers * CallsOfACaller) - Limit, refused);
        Assert.Equal((Limit, 0m), Figures(run));
        Assert.Equal(Limit, run.Records().Count);
    }

    /// <summary>Estimates that hold: the limit is never passed. No completion is longer than the seven tokens of the server's
    /// longest.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parallel_callers_never_pass_a_limit_of_tokens_with_estimates_that_hold(bool streams)
    {
        const int Limit = 1000;
        await using MonitoredServer run = await StartAsync(Tokens(Limit));
        using IChatClient client = run.Client(configure: options =>
        {
            options.EnforceBudget = true;
            options.BudgetEstimate = (_, _) => new() { PromptTokenCount = 16, CompletionTokenCount = 7 };
        });

        int refused = await RaceAsync(client, streams);

        Assert.True(refused > 0);
        Assert.InRange(Figures(run).Spent, 1, Limit);

        // What was held for calls that needed less has been returned: there is room until no estimate fits any more.
        await RaceAsync(client, streams, sequential: true);
        Assert.InRange(Figures(run).Spent, Limit - 22, Limit);
        Assert.Equal((run.Server.PromptTokens + run.Server.CompletionTokens, 0m), Figures(run));
    }

    /// <summary>Without an estimate of the completion each caller may overshoot by one call, no more.</summary>
    [Fact]
    public async Task Parallel_callers_overshoot_by_one_call_each_where_nothing_is_estimated()
    {
        const int Limit = 1000;
        await using MonitoredServer run = await StartAsync(Tokens(Limit));
        using IChatClient client = run.Client(configure: options =>
        {
            options.EnforceBudget = true;
            options.BudgetEstimate = (_, _) => default;
        });

        int refused = await RaceAsync(client, streams: false);

        Assert.True(refused > 0);
        Assert.InRange(Figures(run).Spent, Limit, Limit + (Callers * 23));
        Assert.Equal(run.Server.PromptTokens + run.Server.CompletionTokens, Figures(run).Spent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failed_call_returns_what_it_held_a_cancelled_one_all_but_its_prompt(bool streams)
    {
        await using MonitoredServer run = await StartAsync(Tokens(100));
        using IChatClient failing = run.Client("500", configure: Enforce);
        using IChatClient hanging = run.Client("hang", configure: Enforce);
        using var cancellation = new CancellationTokenSource();
        var large = new ChatOptions { MaxOutputTokens = 90 };

        await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(failing, streams, large));
        Assert.Equal((0m, 0m), Figures(run));

        Task cancelled = AskAsync(hanging, streams, large, cancellation.Token);
        await run.Server.StandsStill.Task.WaitAsync(Limits.Generous, MonitoredServer.Token);
        Assert.InRange(Figures(run).Reserved, 91m, 100m);
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(failing, streams, large));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal((1m, 0m), Figures(run));
    }

    [Theory]
    [InlineData("stall", 2)]
    [InlineData("broken-at-once", 0)]
    public async Task A_stream_that_is_left_or_breaks_settles_with_what_has_come(string model, int used)
    {
        await using MonitoredServer run = await StartAsync(Tokens(100));
        using IChatClient client = run.Client(model, configure: Enforce);
        IAsyncEnumerable<ChatResponseUpdate> updates = client.GetStreamingResponseAsync(
            "?",
            new() { MaxOutputTokens = 90 },
            MonitoredServer.Token);
        Assert.Equal((0m, 0m), Figures(run));

        try
        {
            await foreach (ChatResponseUpdate update in updates)
            {
                Assert.Equal((0m, 91m), Figures(run));
                if (update.Text.Length > 0)
                    break;
            }
        }
        catch (Exception e) when (model == "broken-at-once" && e is not Xunit.Sdk.XunitException)
        {
            // As it should.
        }

        Assert.Equal((used, 0m), Figures(run));
        Assert.Single(run.Records());
    }

    [Fact]
    public async Task The_estimate_is_made_of_the_texts_and_the_limit_of_the_answer()
    {
        await using MonitoredServer run = await StartAsync(Tokens(100));
        using IChatClient client = run.Client(configure: Enforce);
        ChatMessage[] question = [new(ChatRole.System, new string('a', 40)), new(ChatRole.User, new string('b', 240))];

        // 10 for the instructions, 70 for the messages, 20 for the answer.
        BudgetExceededException refusal = await Assert.ThrowsAsync<BudgetExceededException>(() =>
            client.GetResponseAsync(question, new() { Instructions = new string('c', 44), MaxOutputTokens = 20 }, MonitoredServer.Token));
        Assert.False(refusal.Status.IsSpent);
        Assert.Equal(0, run.Server.Requests);

        await client.GetResponseAsync(question, new() { Instructions = new string('c', 40), MaxOutputTokens = 20 }, MonitoredServer.Token);
        Assert.Equal(1, run.Server.Requests);
    }

    [Fact]
    public async Task Dollars_are_enforced_and_what_has_no_price_is_not_sent()
    {
        await using MonitoredServer run = await StartAsync(new() { Name = "b", Unit = BudgetUnit.Dollars, Limit = 0.0001m });
        using IChatClient client = run.Client(configure: Enforce);
        using IChatClient unpriced = run.Client("nobody-knows", configure: Enforce);

        await Assert.ThrowsAsync<ArgumentException>(() => AskAsync(unpriced, streams: false));
        Assert.Equal(0, run.Server.Requests);
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, streams: false, new() { MaxOutputTokens = 100 }));
        Assert.Equal(0, run.Server.Requests);
        int refused = await RaceAsync(client, streams: false, sequential: true);

        // gpt-4o-2024-08-06 at the well-known price of gpt-4o; the server says what is cached.
        decimal expected =
            (
                (2.5m * (run.Server.PromptTokens - (2 * run.Server.Answers)))
                + (1.25m * 2 * run.Server.Answers)
                + (10m * run.Server.CompletionTokens)) / 1_000_000;
        Assert.True(refused > 0);
        Assert.Equal(expected, Figures(run).Spent, 9);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Inside_of_function_invocation_each_request_needs_room(bool streams)
    {
        await using MonitoredServer run = await StartAsync(Generations(1));
        using IChatClient client = run.Pipeline(b => b.UseFunctionInvocation().UseGenerationMonitor(run.Monitor, Enforce));

        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, streams, WithTool));

        Assert.Equal(1, run.Server.Requests);
        Assert.Equal((1m, 0m), Figures(run));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Outside_of_function_invocation_a_conversation_is_one_call(bool streams)
    {
        await using MonitoredServer run = await StartAsync(Generations(1));
        using IChatClient client = run.Pipeline(b => b.UseGenerationMonitor(run.Monitor, Enforce).UseFunctionInvocation());

        await AskAsync(client, streams, WithTool);
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, streams, WithTool));

        Assert.Equal(2, run.Server.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Inside_of_a_cache_what_is_cached_needs_no_budget(bool streams)
    {
        await using MonitoredServer run = await StartAsync(Generations(1));
        var cache = new MemoryDistributedCache(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions()));
        using IChatClient client = run.Pipeline(b => b.UseDistributedCache(cache).UseGenerationMonitor(run.Monitor, Enforce));

        await AskAsync(client, streams);
        await AskAsync(client, streams);
        await Assert.ThrowsAsync<BudgetExceededException>(() =>
            client.GetResponseAsync("Another question?", cancellationToken: MonitoredServer.Token));

        Assert.Equal(1, run.Server.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_goes_with_the_OpenTelemetry_client_on_either_side(bool isOutside)
    {
        await using MonitoredServer run = await StartAsync(Generations(1));
        using IChatClient client = run.Pipeline(b => _ = isOutside
            ? b.UseGenerationMonitor(run.Monitor, Enforce).UseOpenTelemetry()
            : b.UseOpenTelemetry().UseGenerationMonitor(run.Monitor, Enforce));

        await AskAsync(client, streams: false);
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, streams: false));
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, streams: true));

        Assert.Equal(1, run.Server.Requests);
    }

    /// <summary>A retry that knows what not to retry, as the documentation says; each attempt reserves anew.</summary>
    [Fact]
    public async Task Each_attempt_of_a_retry_needs_room()
    {
        await using MonitoredServer run = await StartAsync(Generations(3));
        using IChatClient client = new ChatClientBuilder(MonitoredServer.OpenAIClient(run.Server, "500"))
            .Use(
                async (messages, options, inner, cancellationToken) =>
                {
                    while (true)
                    {
                        try
                        {
                            return await inner.GetResponseAsync(messages, options, cancellationToken);
                        }
                        catch (Exception e) when (e is not BudgetExceededException)
                        {
                            // Again.
                        }
                    }
                },
                getStreamingResponseFunc: null)
            .UseGenerationMonitor(run.Monitor, Enforce)
            .Build();

        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, streams: false));

        Assert.Equal(3, run.Server.Requests);
        Assert.Equal((3m, 0m), Figures(run));
    }

    [Fact]
    public async Task Embeddings_are_held_to_the_budget_too()
    {
        await using MonitoredServer run = await StartAsync(Tokens(16));
        using IEmbeddingGenerator<string, Embedding<float>> embedder = run.Embedder(configure: Enforce);

        await Assert.ThrowsAsync<BudgetExceededException>(() =>
            embedder.GenerateAsync([new string('a', 40), new string('b', 28)], cancellationToken: MonitoredServer.Token));
        Assert.Equal(0, run.Server.Requests);
        await embedder.GenerateAsync(["a", "b"], cancellationToken: MonitoredServer.Token);
        await embedder.GenerateAsync(["a", "b"], cancellationToken: MonitoredServer.Token);
        await Assert.ThrowsAsync<BudgetExceededException>(() => embedder.GenerateAsync(["a"], cancellationToken: MonitoredServer.Token));

        Assert.Equal(2, run.Server.Requests);
        Assert.Equal((16m, 0m), Figures(run));
    }

    [Fact]
    public async Task A_budget_that_nobody_keeps_any_more_lets_nothing_through()
    {
        await using MonitoredServer run = await StartAsync(Generations(1));
        using IChatClient client = run.Client(configure: Enforce);
        run.Monitor.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => AskAsync(client, streams: false));

        Assert.Equal(0, run.Server.Requests);
    }

    private static Task<MonitoredServer> StartAsync(Budget budget) => MonitoredServer.StartAsync(options =>
    {
        options.Pricing = ModelPricing.WellKnown;
        options.Budgets.Add(budget);
    });

    private static Budget Generations(decimal limit) => new() { Name = "b", Unit = BudgetUnit.Generations, Limit = limit };

    private static Budget Tokens(decimal limit) => new() { Name = "b", Unit = BudgetUnit.Tokens, Limit = limit };

    private static void Enforce(GenerationMonitorMiddlewareOptions options) => options.EnforceBudget = true;

    private static (decimal Spent, decimal Reserved) Figures(MonitoredServer run) =>
        (run.Monitor.GetBudgets()[0].Spent, run.Monitor.GetBudgets()[0].Reserved);

    /// <returns>How many calls were refused.</returns>
    private static async Task<int> RaceAsync(IChatClient client, bool streams, bool sequential = false)
    {
        int refused = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Callers * CallsOfACaller),
            new ParallelOptions { MaxDegreeOfParallelism = sequential ? 1 : Callers, CancellationToken = MonitoredServer.Token },
            async (_, _) =>
            {
                try
                {
                    await AskAsync(client, streams);
                }
                catch (BudgetExceededException)
                {
                    Interlocked.Increment(ref refused);
                }
            });
        return refused;
    }

    private static async Task AskAsync(
        IChatClient client,
        bool streams,
        ChatOptions? options = null,
        CancellationToken? cancellationToken = null)
    {
        CancellationToken token = cancellationToken ?? MonitoredServer.Token;
        if (!streams)
        {
            await client.GetResponseAsync("?", options, token);
            return;
        }

        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("?", options, token))
        {
        }
    }
}
