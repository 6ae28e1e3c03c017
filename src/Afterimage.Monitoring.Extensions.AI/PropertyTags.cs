using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>The properties of requests and answers that become tags.</summary>
internal static class PropertyTags
{
    // Its prices are its own.
    private const string ServiceTier = "service_tier";

    public static IReadOnlyList<KeyValuePair<string, object?>> Of(
        AdditionalPropertiesDictionary? properties,
        GenerationMonitorMiddlewareOptions options)
    {
        if (properties is null || properties.Count == 0)
            return [];

        List<KeyValuePair<string, object?>> tags = [];
        foreach (string key in options.AdditionalPropertyTags.Append(ServiceTier))
        {
            if (!string.IsNullOrEmpty(key) && properties.TryGetValue(key, out object? value))
                tags.Add(new(key, value));
        }

        return tags;
    }
}
