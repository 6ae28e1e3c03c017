using Afterimage.Monitoring.Server.Answers;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Security;

/// <summary>The page that explains how to sign in.</summary>
internal static class LoginPage
{
    public static async Task WriteAsync(HttpContext context, bool hasKey, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        string message = status == StatusCodes.Status429TooManyRequests
            ? "Too many attempts. Wait a minute, then try again."
            : "You are not signed in. Open the link that the server printed when it started. Each link works once; "
                + "to get a new one, restart the server.";
        await context.Response.WriteAsync(
            PageAssets.Text("login.html")
                .Replace("{message}", message, StringComparison.Ordinal)
                .Replace("{form}", hasKey ? PageAssets.Text("login-form.html") : "", StringComparison.Ordinal),
            context.RequestAborted);
    }
}
