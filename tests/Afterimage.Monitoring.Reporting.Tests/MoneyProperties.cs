using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Whatever the usage and the prices: no token is free or charged twice, and all accounts come to the same.</summary>
[Properties(Arbitrary = [typeof(MoneyCases)], MaxTest = 60)]
public sealed class MoneyProperties
{
    /// <summary>Live, summary, budgets and resumed budgets agree to the last digit, with a reckoning token by token.</summary>
    [Property]
    public void No_token_is_free_or_counted_twice_and_all_accounts_agree(MoneyCase money)
    {
        using var directory = new TemporaryDirectory();
        using var other = new TemporaryDirectory();
        Budget[] budgets =
        [
            new() { Name = "usd", Unit = BudgetUnit.Dollars, Limit = 1_000_000_000, ResumeFrom = directory.Path },
            new() { Name = "tokens", Unit = BudgetUnit.Tokens, Limit = 1_000_000_000_000, ResumeFrom = directory.Path },
            new() { Name = "a", Unit = BudgetUnit.Dollars, Limit = 1_000_000_000, Tag = new("tenant", "a"), ResumeFrom = directory.Path },
        ];
        var pricing = new ModelPricing([KeyValuePair.Create("m", money.Price)]);
        decimal?[] dollars = [.. money.Calls.Select(call => ByToken(call, money.Price))];
        decimal expected = dollars.Sum() ?? 0;
        long unpriced = money.Calls.Zip(dollars).Sum(call => call.Second is null ? call.First.Tokens : 0);

        IReadOnlyList<BudgetStatus> live;
        CostReport cost;
        CostReport ofTenant;
        using (GenerationMonitor monitor = Monitor(directory.Path, pricing, budgets))
        {
            foreach (MoneyCall call in money.Calls)
                monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, call.Details);
            live = monitor.GetBudgets();
            cost = monitor.GetCost();
            ofTenant = monitor.GetCost(new MetricQuery { Tag = new("tenant", "a") });
        }

        CostReport? summary = LogDirectory.Open(directory.Path).Summarize(TestContext.Current.CancellationToken).Cost;
        IReadOnlyList<KeySummary> tenants = LogDirectory.Open(directory.Path)
            .SummarizeByAsync(SummaryKey.Tag("tenant"), TestContext.Current.CancellationToken)
            .GetAwaiter()
            .GetResult();
        using GenerationMonitor next = Monitor(other.Path, pricing, budgets);
        IReadOnlyList<BudgetStatus> resumed = next.GetBudgets();

        // Nothing is free or counted twice: each call's dollars, and each token with a price or without.
        Assert.Equal(Digits(expected), Digits(live[0].Spent));
        Assert.Equal(unpriced, live[0].UnpricedTokenCount);
        Assert.Equal(money.Calls.Sum(call => call.Tokens), live[1].Spent);

        // One account, however it is asked.
        Assert.Equal(
            [Digits(live[0].Spent), Digits(live[0].Spent), Digits(live[0].Spent)],
            [Digits(cost.TotalUsd), Digits(summary?.TotalUsd ?? 0), Digits(resumed[0].Spent)]);
        Assert.Equal(
            [unpriced, unpriced, unpriced],
            [cost.UnpricedTokenCount, summary?.UnpricedTokenCount ?? 0, resumed[0].UnpricedTokenCount]);
        Assert.Equal(live.Select(budget => budget.Spent), resumed.Select(budget => budget.Spent));
        KeySummary? tenant = tenants.FirstOrDefault(group => group.Value == "a");
        Assert.Equal(
            [Digits(live[2].Spent), Digits(live[2].Spent)],
            [Digits(ofTenant.TotalUsd), Digits(tenant?.CostUsd ?? 0)]);
        Assert.Equal(live[2].UnpricedTokenCount, ofTenant.UnpricedTokenCount);
    }

    // A metric is a double, of fifteen digits.
    private static decimal Digits(decimal dollars) => (decimal)(double)dollars;

    /// <summary>What a call costs by a list of its tokens, each with one price; null: one has none.</summary>
    private static decimal? ByToken(MoneyCall call, ModelPrice prices)
    {
        ModelPrice? price = call.Tier is null ? prices : prices.ServiceTiers.GetValueOrDefault(call.Tier);
        if (price is null)
            return call.Tokens == 0 ? 0 : null;

        // What stands in no part is prompt; reasoning beside the completion is reasoning.
        long beside = call.IsReasoningBeside ? call.Reasoning : 0;
        long prompt = call.Prompt + call.Unexplained;
        bool isLong = price.LongContext.Any(tier => prompt > tier.AbovePromptTokenCount);
        if (call.Tier is not null && price.LongContext.Count == 0 && prices.LongContext.Any(tier => prompt > tier.AbovePromptTokenCount))
            return call.Tokens == 0 ? 0 : null;
        if (isLong)
            price = price.LongContext.Single().Price;

        (long Count, decimal? Price)[] tokens =
        [
            (call.PlainPrompt + call.Unexplained, price.Input),
            (call.Cached, price.CachedInput ?? price.Input),
            (call.Written, price.CacheWrite ?? price.Input),
            (call.WrittenForAnHour, price.CacheWriteOneHour),
            (call.Audio, price.AudioInput),
            (call.CachedAudio, price.AudioInput is null ? null : price.CachedAudioInput ?? price.AudioInput),
            (call.PlainCompletion, price.Output),
            (call.Reasoning, price.Reasoning ?? price.Output),
            (call.AudioCompletion, price.AudioOutput),
            (call.ImageCompletion, price.ImageOutput),
        ];
        Assert.Equal(call.Tokens, tokens.Sum(token => token.Count));
        Assert.Equal(call.Tokens, prompt + call.Completion + beside);
        return tokens.Any(token => token.Count > 0 && token.Price is null)
            ? null
            : tokens.Sum(token => token.Count * (token.Price ?? 0)) / 1_000_000;
    }

    private static GenerationMonitor Monitor(string directory, ModelPricing pricing, Budget[] budgets)
    {
        GenerationMonitorOptions options = PatientMonitor.Options(directory);
        options.MetricsInterval = TimeSpan.Zero;
        options.Pricing = pricing;
        options.Dimensions.Add("tenant");
        foreach (Budget budget in budgets)
            options.Budgets.Add(budget);
        return new GenerationMonitor(options);
    }
}

/// <summary>A price and calls at it.</summary>
public sealed record MoneyCase(ModelPrice Price, IReadOnlyList<MoneyCall> Calls)
{
    public override string ToString() => $"""
        {Price}
        long: {string.Join("; ", Price.LongContext)}
        tiers: {string.Join(
            "; ",
            Price.ServiceTiers.Select(tier => $"{tier.Key} {tier.Value}, long: {string.Join("; ", tier.Value.LongContext)}"))}
        {string.Join("\n", Calls.Select(call => $"[{string.Join(", ", call.Parts)}] {call}"))}
        """;
}

/// <summary>A call, each of whose tokens is in one part.</summary>
public sealed record MoneyCall(IReadOnlyList<int> Parts, bool IsReasoningBeside, bool HasTotal, string? Tenant, string? Tier)
{
    public long PlainPrompt => Parts[0];

    public long Cached => CachedAudio > 0 ? 0 : Parts[1];

    public long Written => CachedAudio > 0 ? 0 : Parts[2];

    public long WrittenForAnHour => CachedAudio > 0 ? 0 : Parts[3];

    public long Audio => Parts[4];

    /// <summary>Where all of the prompt is audio: only then do the counts tell how much of it was cached.</summary>
    public long CachedAudio => Parts[0] == 0 ? Parts[5] : 0;

    public long PlainCompletion => Parts[6];

    public long Reasoning => Parts[7];

    public long AudioCompletion => Parts[8];

    public long ImageCompletion => Parts[9];

    /// <summary>What the total has beyond prompt and completion, and beyond reasoning beside it. Too little to be taken for that.</summary>
    public long Unexplained => !HasTotal ? 0 : IsReasoningBeside || Reasoning == 0 ? Parts[10] : Math.Min(Parts[10], Reasoning - 1);

    public long Prompt => PlainPrompt + Cached + Written + WrittenForAnHour + Audio + CachedAudio;

    public long Completion => PlainCompletion + AudioCompletion + ImageCompletion + (IsReasoningBeside ? 0 : Reasoning);

    public long Tokens => Prompt + Completion + Unexplained + (IsReasoningBeside ? Reasoning : 0);

    public GenerationDetails Details => new()
    {
        ModelName = "m",
        PromptTokenCount = Prompt,
        CachedPromptTokenCount = Cached + CachedAudio,
        CacheWriteTokenCount = Written + WrittenForAnHour,
        CacheWriteOneHourTokenCount = WrittenForAnHour,
        AudioPromptTokenCount = Audio + CachedAudio,
        CompletionTokenCount = Completion,
        ReasoningTokenCount = Reasoning,
        AudioCompletionTokenCount = AudioCompletion,
        ImageCompletionTokenCount = ImageCompletion,
        TotalTokenCount = HasTotal ? Tokens : null,
        Tags = [.. Tag("tenant", Tenant), .. Tag("service_tier", Tier)],
    };

    private static KeyValuePair<string, object?>[] Tag(string key, string? value) => value is null ? [] : [new(key, value)];
}

/// <summary>Generators for FsCheck.</summary>
public static class MoneyCases
{
    private const int PartCount = 11;

    private static readonly Gen<decimal> Dollars = Gen.Choose(0, 20_000).Select(cents => cents / 100m);

    private static readonly Gen<decimal?> Maybe = Gen.OneOf(Gen.Constant<decimal?>(null), Dollars.Select(dollars => (decimal?)dollars));

    public static Arbitrary<MoneyCase> Case() => Arb.From(
        from price in Price
        from longer in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 4_000)))
        from ofLonger in Price
        from tiers in Gen.Choose(0, 2)
        from batch in Price
        from ofBatch in Price
        from isBatchLong in Gen.Elements(true, false)
        from calls in Call.ListOf(20)
        select new MoneyCase(
            price with
            {
                LongContext = Longer(longer, ofLonger),
                ServiceTiers = tiers == 0
                    ? new Dictionary<string, ModelPrice>()
                    : new() { ["batch"] = isBatchLong ? batch with { LongContext = Longer(longer, ofBatch) } : batch },
            },
            [.. calls]),
        money => money.Calls.Count <= 1
            ? []
            : money.Calls.Select((_, i) => money with { Calls = [.. money.Calls.Where((_, j) => j != i)] }));

    private static Gen<ModelPrice> Price =>
        from input in Dollars
        from output in Dollars
        from others in Maybe.ListOf(8)
        select new ModelPrice
        {
            Input = input,
            Output = output,
            CachedInput = others[0],
            CacheWrite = others[1],
            CacheWriteOneHour = others[2],
            Reasoning = others[3],
            AudioInput = others[4],
            CachedAudioInput = others[5],
            AudioOutput = others[6],
            ImageOutput = others[7],
        };

    private static Gen<MoneyCall> Call =>
        from parts in Gen.Frequency((1, Gen.Constant(0)), (2, Gen.Choose(1, 2_000))).ListOf(PartCount)
        from isBeside in Gen.Elements(true, false)
        from hasTotal in Gen.Elements(true, false)
        from tenant in Gen.Elements("a", "b", null)
        from tier in Gen.Frequency((3, Gen.Constant<string?>(null)), (1, Gen.Elements<string?>("batch", "flex")))
        select new MoneyCall([.. parts], isBeside && hasTotal && parts[7] > 0, hasTotal, tenant, tier);

    private static IReadOnlyList<LongContextPrice> Longer(int above, ModelPrice price) =>
        above == 0 ? [] : [new LongContextPrice { AbovePromptTokenCount = above, Price = price }];
}
