using System.Net;
using Afterimage.Monitoring.Server.Answers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Afterimage.Monitoring.Server.Security;

/// <summary>The callers that an endpoint serves.</summary>
internal enum Audience
{
    /// <summary>Everyone who uses a name of this server.</summary>
    Everyone,

    /// <summary>Callers with a session or the key. Others are shown how to sign in.</summary>
    PageReaders,

    /// <summary>Callers with a session or the key.</summary>
    ApiCallers,
}

/// <summary>Protects every endpoint. Checks the requested host name, the requesting page and the caller, and restricts what the browser may
/// do with the response.</summary>
internal sealed class Guard(GenerationServerOptions options, Sessions sessions)
{
    private const string Policy =
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

    private const string Scheme = "Bearer ";

    private long _refused;

    /// <summary>The number of requests that were refused.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public RequestDelegate Protect(Audience audience, RequestDelegate endpoint) => async context =>
    {
        SetHeaders(context.Response.Headers);
        if (!IsOwnName(context.Request.Host.Host))
        {
            await RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, "The host name is not allowed. See AllowedHosts.");
            return;
        }

        if (IsOfAnotherOrigin(context.Request))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Requests from pages of other origins are not allowed.");
            return;
        }

        if (audience != Audience.Everyone && !IsKnown(context))
        {
            Interlocked.Increment(ref _refused);
            if (audience == Audience.PageReaders)
                await LoginPage.WriteAsync(context, sessions.HasKey, LoginReason.NotSignedIn);
            else if (HasBearer(context) && !sessions.MayStillTry(From(context)))
            {
                context.Response.Headers.RetryAfter = "60";
                await ApiJson.WriteProblemAsync(
                    context,
                    StatusCodes.Status429TooManyRequests,
                    "Too many wrong keys came from this address. Wait a minute, then try again.");
            }
            else
                await ApiJson.WriteProblemAsync(
                    context,
                    StatusCodes.Status401Unauthorized,
                    HasBearer(context) && sessions.HasKey
                        ? "The key is wrong."
                        : "Open the link that the server printed, or send the key as Authorization: Bearer.");
            return;
        }

        await endpoint(context);
    };

    /// <summary>Returns the name of the session cookie. Cookies do not distinguish ports, so their names must.</summary>
    public static string CookieName(HttpContext context) => $"afterimage-{context.Request.Host.Port ?? 0}";

    private bool IsKnown(HttpContext context)
    {
        if (options.UseApplicationAuthorization || sessions.IsSession(context.Request.Cookies[CookieName(context)]))
            return true;

        if (!HasBearer(context) || !sessions.HasKey)
            return false;

        // Programs with the right key may send any number of requests. Wrong keys count as attempts; when these are used up, nothing is
        // compared.
        string from = From(context);
        if (!sessions.MayStillTry(from))
            return false;
        bool isKey = sessions.IsKey(context.Request.Headers.Authorization.ToString()[Scheme.Length..].Trim());
        if (!isKey)
            sessions.MayTry(from);
        return isKey;
    }

    private static bool HasBearer(HttpContext context) =>
        context.Request.Headers.Authorization.ToString().StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the identity for which sign-in attempts are counted.</summary>
    public static string From(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";

    // To read responses, a foreign page needs a name that was made to resolve to this server. An IP address is not such a name.
    private bool IsOwnName(string host) =>
        host.Length > 0
        && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(host, out _)
            || options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase));

    private static bool IsOfAnotherOrigin(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0)
        {
            return !Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
                || !uri.Authority.Equals(new HostString(request.Host.Value ?? "").Value, StringComparison.OrdinalIgnoreCase);
        }

        // A link to a page may be anywhere. Nothing else may be requested from another site.
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        return site is "cross-site" or "same-site" && request.Headers["Sec-Fetch-Mode"].ToString() != "navigate";
    }

    private async Task RefuseAsync(HttpContext context, int status, string why)
    {
        Interlocked.Increment(ref _refused);
        await ApiJson.WriteProblemAsync(context, status, why);
    }

    private static void SetHeaders(IHeaderDictionary headers)
    {
        headers[HeaderNames.ContentSecurityPolicy] = Policy;
        headers[HeaderNames.XContentTypeOptions] = "nosniff";
        headers[HeaderNames.XFrameOptions] = "DENY";

        // Without a referrer, a browser does not send the origin of a form.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}
