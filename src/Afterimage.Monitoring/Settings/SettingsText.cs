using System.Text.Json;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Settings;

/// <summary>JSON as people write it: comments and commas at the end of a list are no fault.</summary>
internal static class SettingsText
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <exception cref="FormatException">It is no JSON.</exception>
    public static JsonDocument Parse(string json)
    {
        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (JsonException e)
        {
            throw new FormatException($"It is no JSON: {e.Message}", e);
        }
    }
}
