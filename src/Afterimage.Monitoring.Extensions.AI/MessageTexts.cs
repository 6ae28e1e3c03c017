using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Formats the texts of messages as a JSON array of <c>role</c> and <c>content</c>.</summary>
internal static partial class MessageTexts
{
    public static string ToJson(IEnumerable<ChatMessage> messages) =>
        JsonSerializer.Serialize(
            [.. messages.Select(message => new MessageText(message.Role.Value, message.Text))],
            Json.Default.MessageTextArray);

    private sealed record MessageText(string Role, string Content);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(MessageText[]))]
    private sealed partial class Json : JsonSerializerContext;
}
