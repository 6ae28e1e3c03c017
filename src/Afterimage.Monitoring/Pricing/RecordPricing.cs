using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Pricing;

/// <summary>Prices each call once, on its way into memory, so that memory, handlers and the log tell the same cost.</summary>
internal sealed class RecordPricing(ModelPricing pricing, Names names, IRecordReducer next) : IRecordReducer
{
    private const RecordFields TokenFields = RecordFields.PromptTokens | RecordFields.CompletionTokens | RecordFields.TotalTokens;

    // By model id. Called under the recorder's lock only.
    private (bool IsKnown, ModelPrice? Price)[] _prices = new (bool, ModelPrice?)[16];

    public void Apply(Span<Record> records)
    {
        foreach (ref Record record in records)
        {
            if (record.Kind is RecordKind.Generation or RecordKind.Evaluation && record.Has(TokenFields))
                Price(ref record, PriceOf(record));
        }

        next.Apply(records);
    }

    /// <summary>Notes what a call cost; one without tokens costs nothing.</summary>
    /// <param name="record">A generation or an evaluation.</param>
    /// <param name="price">The price of its model; null: unknown.</param>
    public static void Price(ref Record record, ModelPrice? price)
    {
        if (!record.Has(TokenFields))
            return;

        long prompt = record.PromptTokens;
        long completion = record.CompletionTokens;
        bool hasPrompt = record.Has(RecordFields.PromptTokens);
        bool hasCompletion = record.Has(RecordFields.CompletionTokens);

        // A total and one of its sides tell the other. A total alone does not say which price its tokens have.
        if (record.Has(RecordFields.TotalTokens) && hasPrompt != hasCompletion)
        {
            if (hasPrompt)
                completion = Math.Max(0, record.TotalTokens - prompt);
            else
                prompt = Math.Max(0, record.TotalTokens - completion);
        }

        if ((hasPrompt || hasCompletion) && price is not null)
        {
            record.Value = (double)price.Cost(prompt, completion, record.CachedPromptTokens, record.ReasoningTokens);
            record.Fields |= RecordFields.Cost;
        }
        else
        {
            record.Value = Math.Max(record.TotalTokens, (double)prompt + completion);
            record.Fields |= RecordFields.Unpriced;
        }
    }

    private ModelPrice? PriceOf(in Record record)
    {
        int model = record.ModelId;
        if (model == NameTable.None)
            return null;
        if (model == NameTable.Overflow)
            return record.Details?.ModelName is { } trueName ? pricing.Find(trueName) : null;

        if (model >= _prices.Length)
            Array.Resize(ref _prices, Math.Max(model + 1, _prices.Length * 2));
        ref (bool IsKnown, ModelPrice? Price) known = ref _prices[model];
        if (!known.IsKnown)
            known = (true, pricing.Find(names.Models[model]));
        return known.Price;
    }
}
