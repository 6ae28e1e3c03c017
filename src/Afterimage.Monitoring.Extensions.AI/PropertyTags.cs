using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Converts properties of requests and answers to tags.</summary>
internal static class PropertyTags
{
    // Always included, because a service tier has prices of its own.
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
