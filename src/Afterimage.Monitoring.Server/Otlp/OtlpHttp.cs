using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Answers export requests over HTTP: <c>/v1/traces</c>, <c>/v1/logs</c>, <c>/v1/metrics</c>
/// (<see href="https://opentelemetry.io/docs/specs/otlp/#otlphttp"/>).</summary>
internal sealed class OtlpHttp(OtlpReceiver receiver, OtlpAccess access)
{
    private const string ProtobufType = "application/x-protobuf";
    private const string JsonType = "application/json";

    public async Task AnswerAsync(HttpContext http, OtlpSignal signal)
    {
        bool isJson = IsOfType(http.Request, JsonType);
        try
        {
            access.Check(http);
            if (!isJson && !IsOfType(http.Request, ProtobufType))
                throw new OtlpRefusedException(OtlpRefusal.Unsupported, $"The content type must be {ProtobufType} or {JsonType}.");

            OtlpAnswer answer = await TakeAsync(http, signal, isJson).ConfigureAwait(false);
            byte[] response = isJson ? OtlpMessages.Json(answer, signal) : OtlpMessages.Protobuf(answer);
            await WriteAsync(http, StatusCodes.Status200OK, isJson, response).ConfigureAwait(false);
        }
        catch (OtlpRefusedException e)
        {
            receiver.Statistics.CountRefused(e.Refusal);
            await RefuseAsync(http, e, isJson).ConfigureAwait(false);
        }
    }

    private async Task<OtlpAnswer> TakeAsync(HttpContext http, OtlpSignal signal, bool isJson)
    {
        bool isPacked = Encoding(http.Request);
        using RequestBody body = await RequestBody.ReadAsync(http, receiver).ConfigureAwait(false);
        if (!isPacked)
            return await receiver.TakeAsync(signal, isJson, body.Content).ConfigureAwait(false);

        using RequestBody unpacked = RequestBody.Decompress(body.Content, receiver.Options.MaxDecompressedBytes, receiver.Budget);
        return await receiver.TakeAsync(signal, isJson, unpacked.Content).ConfigureAwait(false);
    }

    /// <summary>Returns whether the body is compressed with gzip.</summary>
    private static bool Encoding(HttpRequest request) => request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant() switch
    {
        "" or "identity" => false,
        "gzip" => true,
        _ => throw new OtlpRefusedException(OtlpRefusal.Unsupported, "The content encoding must be gzip."),
    };

    private static bool IsOfType(HttpRequest request, string type) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? given)
        && given.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase);

    private static Task RefuseAsync(HttpContext http, OtlpRefusedException refused, bool isJson)
    {
        int status = refused.Refusal switch
        {
            OtlpRefusal.Unsupported => StatusCodes.Status415UnsupportedMediaType,
            OtlpRefusal.Unauthorized => StatusCodes.Status401Unauthorized,
            OtlpRefusal.Origin => StatusCodes.Status403Forbidden,
            OtlpRefusal.TooLarge => StatusCodes.Status413PayloadTooLarge,
            OtlpRefusal.Busy => StatusCodes.Status429TooManyRequests,
            OtlpRefusal.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status400BadRequest,
        };
        if (refused.Refusal is OtlpRefusal.Busy or OtlpRefusal.Unavailable)
            http.Response.Headers.RetryAfter = "1";
        if (refused.Refusal == OtlpRefusal.Unauthorized)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        int code = OtlpGrpc.StatusOf(refused.Refusal);
        return WriteAsync(
            http,
            status,
            isJson,
            isJson ? OtlpMessages.JsonStatus(code, refused.Message) : OtlpMessages.ProtobufStatus(code, refused.Message, hasRetry: false));
    }

    private static Task WriteAsync(HttpContext http, int status, bool isJson, byte[] content)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = isJson ? JsonType : ProtobufType;
        http.Response.ContentLength = content.Length;
        return http.Response.Body.WriteAsync(content, http.RequestAborted).AsTask();
    }
}
