using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

/// <summary>What is given is there, alone or among others, and what is taken back is as if it had never been given.</summary>
public sealed class GenerationDetailsTests
{
    // It is for the budgets, and the only one that is not in the log.
    private const string Reservation = "reservation";

    private static readonly DateTimeOffset Time = new(2026, 11, 23, 15, 0, 0, TimeSpan.FromHours(1));

    private static readonly Dictionary<
        string,
        (GenerationDetails Given, Func<GenerationDetails, object?> Value, Func<GenerationDetails, GenerationDetails> Without)
    > Properties = new()
    {
        ["model_name"] = (new() { ModelName = "m" }, d => d.ModelName, d => d with { ModelName = null }),
        ["prompt_token_count"] = (new() { PromptTokenCount = 0 }, d => d.PromptTokenCount, d => d with { PromptTokenCount = null }),
        ["completion_token_count"] = (
            new() { CompletionTokenCount = 2 },
            d => d.CompletionTokenCount,
            d => d with { CompletionTokenCount = null }),
        ["total_token_count"] = (new() { TotalTokenCount = 3 }, d => d.TotalTokenCount, d => d with { TotalTokenCount = null }),
        ["cached_prompt_token_count"] = (
            new() { CachedPromptTokenCount = 4 },
            d => d.CachedPromptTokenCount,
            d => d with { CachedPromptTokenCount = null }),
        ["reasoning_token_count"] = (
            new() { ReasoningTokenCount = 5 },
            d => d.ReasoningTokenCount,
            d => d with { ReasoningTokenCount = null }),
        ["cache_write_token_count"] = (
            new() { CacheWriteTokenCount = 6 },
            d => d.CacheWriteTokenCount,
            d => d with { CacheWriteTokenCount = null }),
        ["cache_write_1h_token_count"] = (
            new() { CacheWriteOneHourTokenCount = 11 },
            d => d.CacheWriteOneHourTokenCount,
            d => d with { CacheWriteOneHourTokenCount = null }),
        ["audio_prompt_token_count"] = (
            new() { AudioPromptTokenCount = 7 },
            d => d.AudioPromptTokenCount,
            d => d with { AudioPromptTokenCount = null }),
        ["audio_completion_token_count"] = (
            new() { AudioCompletionTokenCount = 8 },
            d => d.AudioCompletionTokenCount,
            d => d with { AudioCompletionTokenCount = null }),
        ["image_completion_token_count"] = (
            new() { ImageCompletionTokenCount = 9 },
            d => d.ImageCompletionTokenCount,
            d => d with { ImageCompletionTokenCount = null }),
        ["request_model"] = (
            new() { RequestModel = "r" },
            d => d.RequestModel,
            d => d with { RequestModel = null }),
        ["id"] = (
            new() { Id = "i" },
            d => d.Id,
            d => d with { Id = null }),
        ["trace_id"] = (
            new() { TraceId = "t" },
            d => d.TraceId,
            d => d with { TraceId = null }),
        ["span_id"] = (
            new() { SpanId = "s" },
            d => d.SpanId,
            d => d with { SpanId = null }),
        ["usage_missing"] = (
            new() { UsageMissing = true },
            d => d.UsageMissing,
            d => d with { UsageMissing = null }),
        ["finish_reason"] = (new() { FinishReason = "stop" }, d => d.FinishReason, d => d with { FinishReason = null }),
        ["error"] = (new() { Error = "e" }, d => d.Error, d => d with { Error = null }),
        ["conversation_length"] = (new() { ConversationLength = 6 }, d => d.ConversationLength, d => d with { ConversationLength = null }),
        ["time_to_first_token"] = (
            new() { TimeToFirstToken = TimeSpan.Zero },
            d => d.TimeToFirstToken,
            d => d with { TimeToFirstToken = null }),
        ["provider"] = (new() { Provider = "p" }, d => d.Provider, d => d with { Provider = null }),
        ["operation"] = (new() { Operation = "o" }, d => d.Operation, d => d with { Operation = null }),
        ["timestamp"] = (new() { Timestamp = Time }, d => d.Timestamp, d => d with { Timestamp = null }),
        ["tags"] = (new() { Tags = [new("k", "v")] }, d => d.Tags, d => d with { Tags = null }),
        [Reservation] = (new() { Reservation = Reserve() }, d => d.Reservation, d => d with { Reservation = null }),
    };

    public static TheoryData<string> Names => new(Properties.Keys);

    [Fact]
    public void Every_property_is_looked_at() =>
        Assert.Equal(typeof(GenerationDetails).GetProperties().Length, Properties.Count);

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_given_alone_is_there_and_nothing_else(string name)
    {
        GenerationDetails details = Properties[name].Given;
        Assert.All(Properties, property => Assert.Equal(property.Key == name, property.Value.Value(details) is not null));
        Assert.NotEqual(default, details);
        Assert.Equal(default, Properties[name].Without(details));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_given_alone_is_recorded(string name)
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, Properties[name].Given);

        string[] always = ["timestamp", "event", "duration", "success"];
        Assert.Equal(
            [.. always, .. new[] { name }.Except([.. always, Reservation])],
            Assert.Single(run.Records()).EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void A_given_time_keeps_its_offset() =>
        Assert.Equal(Time.Offset, new GenerationDetails { Timestamp = Time }.Timestamp!.Value.Offset);

    private static BudgetReservation Reserve()
    {
        using MonitorRun run = MonitorRun.InMemory();
        return run.Monitor.Reserve(default);
    }
}
