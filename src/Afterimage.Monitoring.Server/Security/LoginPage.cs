using Afterimage.Monitoring.Server.Answers;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Security;

/// <summary>Why the page that explains how to sign in is shown.</summary>
internal enum LoginReason
{
    NotSignedIn,
    WrongLink,
    WrongKey,
    TooManyAttempts,
}

/// <summary>The page that explains how to sign in.</summary>
internal static class LoginPage
{
    public static async Task WriteAsync(HttpContext context, bool hasKey, LoginReason reason)
    {
        context.Response.StatusCode = reason == LoginReason.TooManyAttempts
            ? StatusCodes.Status429TooManyRequests
            : StatusCodes.Status401Unauthorized;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(
            PageAssets.Text("login.html")
                .Replace("{message}", $"{WhatHappened(reason)} {WhatToDo(reason, hasKey)}", StringComparison.Ordinal)
                .Replace("{form}", hasKey ? PageAssets.Text("login-form.html") : "", StringComparison.Ordinal),
            context.RequestAborted);
    }

    private static string WhatHappened(LoginReason reason) => reason switch
    {
        LoginReason.WrongLink => "The link is not valid, or was already used.",
        LoginReason.WrongKey => "The key is wrong.",
        LoginReason.TooManyAttempts => "Too many attempts.",
        _ => "You are not signed in.",
    };

    private static string WhatToDo(LoginReason reason, bool hasKey) => (reason, hasKey) switch
    {
        (LoginReason.TooManyAttempts, _) => "Wait a minute, then try again.",
        (LoginReason.NotSignedIn, true) => "Open the link that the server printed when it started, or enter the key.",
        (_, true) => "Enter the key.",
        _ => "Open the link that the server printed when it started. Each link works once; to get a new one, restart the server.",
    };
}
