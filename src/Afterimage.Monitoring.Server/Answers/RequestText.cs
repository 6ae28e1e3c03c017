using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Answers;

/// <summary>Reads the bodies of requests to the API.</summary>
internal static class RequestText
{
    /// <summary>Reads a JSON body, which may be sent without its length.</summary>
    /// <param name="context">The request.</param>
    /// <param name="max">The maximum length, in bytes.</param>
    /// <returns>The value; null if the body is not JSON of that shape, or too long.</returns>
    public static async Task<T?> ReadJsonAsync<T>(HttpContext context, int max)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
            return null;

        var body = new byte[max + 1];
        int length = await context.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > max)
            return null;

        try
        {
            return JsonSerializer.Deserialize<T>(body.AsSpan(0, length), ApiJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
