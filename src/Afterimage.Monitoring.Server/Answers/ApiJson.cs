using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Afterimage.Monitoring.Server.Answers;

/// <summary>Writes the responses of the API.</summary>
internal static class ApiJson
{
    // A value that is unknown is left out rather than written as zero.
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    // Versions start from zero in each process, so that the tags of another process must not match.
    private static readonly string Instance = Guid.NewGuid().ToString("N")[..8];

    public static Task WriteAsync<T>(HttpContext context, T answer, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(answer, Options, context.RequestAborted);
    }

    /// <summary>Writes a response with an entity tag, or, if the caller already has it, that it has not changed.</summary>
    public static Task WriteAsync<T>(HttpContext context, string version, Func<T> answer) =>
        WriteAsync(context, version, () => Task.FromResult(answer()));

    /// <inheritdoc cref="WriteAsync{T}(HttpContext, string, Func{T})"/>
    public static async Task WriteAsync<T>(HttpContext context, string version, Func<Task<T>> answer)
    {
        string tag = $"W/\"{Instance}-{version}\"";
        var own = EntityTagHeaderValue.Parse(tag);
        bool isKnown = context.Request.GetTypedHeaders().IfNoneMatch
            .Any(known => known.Tag == "*" || known.Compare(own, useStrongComparison: false));
        T? value = isKnown ? default : await answer();
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "no-cache, private";
        if (isKnown)
            context.Response.StatusCode = StatusCodes.Status304NotModified;
        else
            await context.Response.WriteAsJsonAsync(value, Options, context.RequestAborted);
    }

    /// <summary>Writes a problem (RFC 9457) that says why there is no result.</summary>
    public static Task WriteProblemAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(new { status, detail }, Options, "application/problem+json", context.RequestAborted);
    }

    public static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
