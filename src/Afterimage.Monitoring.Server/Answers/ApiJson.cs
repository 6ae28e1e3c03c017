using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Answers;

/// <summary>How the API's answers are written.</summary>
internal static class ApiJson
{
    // What is not known is absent, and not zero.
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    // Versions count from nought with each process: tags of another must not match.
    private static readonly string Instance = Guid.NewGuid().ToString("N")[..8];

    public static Task WriteAsync<T>(HttpContext context, T answer, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(answer, Options, context.RequestAborted);
    }

    /// <summary>Writes an answer with a tag, or that it is as the caller has it.</summary>
    public static async Task WriteAsync<T>(HttpContext context, string version, Func<T> answer)
    {
        string tag = $"W/\"{Instance}-{version}\"";
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "no-cache, private";
        if (context.Request.Headers.IfNoneMatch.ToString() == tag)
            context.Response.StatusCode = StatusCodes.Status304NotModified;
        else
            await context.Response.WriteAsJsonAsync(answer(), Options, context.RequestAborted);
    }

    /// <summary>Writes why there is no answer (RFC 9457).</summary>
    public static Task WriteProblemAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(new { status, detail }, Options, "application/problem+json", context.RequestAborted);
    }

    public static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
