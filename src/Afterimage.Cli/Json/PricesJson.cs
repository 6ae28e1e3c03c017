using System.Globalization;
using System.Text.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Json;

/// <summary>Writes prices, what they lack and how they differ, as one line of JSON.</summary>
internal static class PricesJson
{
    public static void WriteTable(ModelPricing prices, string? file) => JsonOutput.Write(writer =>
    {
        WriteTableName(writer, prices, file);
        writer.WriteStartArray("models");
        foreach ((string model, ModelPrice price) in prices.Prices.OrderBy(model => model.Key, StringComparer.Ordinal))
        {
            writer.WriteStartObject();
            writer.WriteString("name", model);
            writer.WriteStartObject("prices");
            foreach ((string name, decimal dollars) in PriceChange.All(price))
                writer.WriteNumber(name, dollars);
            writer.WriteEndObject();
            if (price.Source is not null)
                writer.WriteString("source", price.Source);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("left_out");
        foreach ((string model, string reason) in prices.LeftOut.OrderBy(model => model.Key, StringComparer.Ordinal))
            writer.WriteString(model, reason);
        writer.WriteEndObject();
    });

    public static void WriteMissing(
        IReadOnlyList<UnpricedModel> missing,
        int models,
        ModelPricing prices,
        string? file,
        LogDirectory log) => JsonOutput.Write(writer =>
    {
        WriteTableName(writer, prices, file);
        writer.WriteStartArray("without_price");
        foreach (UnpricedModel model in missing)
        {
            writer.WriteStartObject();
            writer.WriteString("model_name", model.ModelName);
            if (model.RequestModel is not null)
                writer.WriteString("request_model", model.RequestModel);
            writer.WriteNumber("calls", model.Calls);
            writer.WriteNumber("total_tokens", model.TotalTokenCount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("model_count", models);
        writer.WriteString("log_dir", log.Path);
    });

    public static void WriteChanges(IReadOnlyList<PriceChange> changes, string older, string newer) => JsonOutput.Write(writer =>
    {
        writer.WriteString("old", older);
        writer.WriteString("new", newer);
        writer.WriteStartArray("changes");
        foreach (PriceChange change in changes)
        {
            writer.WriteStartObject();
            writer.WriteString("model", change.ModelName);
            writer.WriteString("price", change.Price);

            // A value that is unknown is left out rather than written as zero.
            if (change.Old is { } before)
                writer.WriteNumber("old", before);
            if (change.New is { } after)
                writer.WriteNumber("new", after);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static void WriteTableName(Utf8JsonWriter writer, ModelPricing prices, string? file)
    {
        writer.WriteString("table", file ?? "well-known");
        if (prices.Date is { } date)
            writer.WriteString("date", date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }
}
