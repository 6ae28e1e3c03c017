using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Pricing;

/// <summary>Prices each call once, when it is taken into memory, so that memory, handlers and the log have the same cost.</summary>
internal sealed class RecordPricing(ModelPricing pricing, Names names, IRecordReducer next) : IRecordReducer
{
    private const RecordFields TokenFields = RecordFields.PromptTokens | RecordFields.CompletionTokens | RecordFields.TotalTokens;

    // By model ID. Used under the recorder's lock only.
    private (bool IsKnown, ModelPrice? Price)[] _prices = new (bool, ModelPrice?)[16];

    public void Apply(Span<Record> records)
    {
        foreach (ref Record record in records)
        {
            if (record.Kind is not (RecordKind.Generation or RecordKind.Evaluation))
                continue;

            MissingUsage.Fill(ref record);
            Price(ref record, record.Has(TokenFields) ? PriceOf(record) : null);
        }

        next.Apply(records);
    }

    /// <summary>Sets the cost of a call. A call without tokens costs nothing.</summary>
    /// <param name="record">A generation or an evaluation.</param>
    /// <param name="price">The price of its model; null: unknown.</param>
    public static void Price(ref Record record, ModelPrice? price)
    {
        decimal? cost = price is not null && CallTokens.Of(record) is { } tokens
            ? price.Cost(tokens, ServiceTier.Of(record.Details?.Tags))
            : null;

        // If a call ended normally without usage, the whole estimate counts. If its caller left it, only what is known to have arrived
        // counts.
        if (MissingUsage.EstimatedCost(record) is { } estimated && (cost is null || record.Has(RecordFields.Success)))
            cost = Math.Max(cost ?? 0, estimated);

        // No line may have more: as good as no price.
        if (cost is { } dollars && (double)dollars < RecordSchema.HighestCost)
        {
            record.Value = (double)dollars;
            record.Fields |= RecordFields.Cost;
        }
        else if (record.Has(TokenFields))
        {
            record.Value = (double)CallTokens.Total(record);
            record.Fields |= RecordFields.Unpriced;
        }
    }

    private ModelPrice? PriceOf(in Record record) =>
        AnswersPrice(record)
        ?? (RecordExtras.Text(record.Details?.Extras, RecordSchema.RequestModel) is { } asked ? pricing.Find(asked) : null);

    private ModelPrice? AnswersPrice(in Record record)
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
