using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Pricing;

/// <summary>The service tier of a call, as given by its tags.</summary>
internal static class ServiceTier
{
    public const string Tag = "service_tier";

    /// <summary>The keys of tags that give the tier. The tier that was used takes precedence over the one that was requested.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        Tag, "openai.response.service_tier", "gen_ai.openai.response.service_tier", "anthropic.response.service_tier",
        "openai.request.service_tier", "gen_ai.openai.request.service_tier", "anthropic.request.service_tier",
    ];

    /// <returns>The tier; null: the standard one.</returns>
    public static string? Of(IReadOnlyList<KeyValuePair<string, object?>>? tags)
    {
        if (tags is null)
            return null;

        object? said = null;
        int best = Keys.Count;
        for (int i = 0; i < tags.Count; i++)
        {
            string key = tags[i].Key;
            if (!key.EndsWith(Tag, StringComparison.Ordinal))
                continue;
            for (int rank = 0; rank < best; rank++)
            {
                if (key == Keys[rank])
                    (best, said) = (rank, tags[i].Value);
            }
        }

        return said is null ? null : Named(Scalar.Text(Scalar.Of(said)));
    }

    private static string? Named(string said)
    {
        string tier = said.Trim().ToLowerInvariant();
        return tier switch
        {
            "" or "auto" or "default" or "standard" or "standard_only" => null,
            "batches" => "batch",
            _ => tier,
        };
    }
}
