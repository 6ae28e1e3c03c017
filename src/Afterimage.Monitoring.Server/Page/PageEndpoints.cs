using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring.Server.Page;

/// <summary>The endpoints for the pages, their assets, and signing in.</summary>
internal static class PageEndpoints
{
    private static readonly string[] Pages = ["run", "calls", "compare", "alerts", "sql"];

    public static void Map(GuardedRoutes routes)
    {
        // The links in the pages are relative to a path that ends with a slash.
        routes.Get("/", Audience.PageReaders, context =>
        {
            if (context.Request.Path.Value is { } path && path.EndsWith('/'))
                return PageAssets.WriteAsync(context, "index.html");
            context.Response.Redirect($"{context.Request.PathBase}{context.Request.Path}/{context.Request.QueryString}");
            return Task.CompletedTask;
        });
        foreach (string page in Pages)
            routes.Get("/" + page, Audience.PageReaders, context => PageAssets.WriteAsync(context, page + ".html"));
        routes.Get("/assets/{name}", Audience.Everyone, context => PageAssets.WriteAsync(context, (string)context.GetRouteValue("name")!));
        routes.Get("/login", Audience.Everyone, LoginAsync);
        routes.Post("/login", Audience.Everyone, LoginWithKeyAsync);
    }

    private static Task LoginAsync(HttpContext context)
    {
        Sessions sessions = context.RequestServices.GetRequiredService<Sessions>();
        if (!sessions.MayTry(Guard.From(context)))
            return LoginPage.WriteAsync(context, sessions.HasKey, LoginReason.TooManyAttempts);
        string token = context.Request.Query["token"].ToString();
        return sessions.TakeToken(token)
            ? EnterAsync(context, sessions)
            : LoginPage.WriteAsync(context, sessions.HasKey, token.Length == 0 ? LoginReason.NotSignedIn : LoginReason.WrongLink);
    }

    private static async Task LoginWithKeyAsync(HttpContext context)
    {
        Sessions sessions = context.RequestServices.GetRequiredService<Sessions>();
        if (!sessions.MayTry(Guard.From(context)))
        {
            await LoginPage.WriteAsync(context, sessions.HasKey, LoginReason.TooManyAttempts);
            return;
        }

        string? key = null;
        if (context.Request.HasFormContentType && context.Request.ContentLength is <= 4096)
            key = (await context.Request.ReadFormAsync(context.RequestAborted))["key"];
        if (sessions.IsKey(key))
            await EnterAsync(context, sessions);
        else
            await LoginPage.WriteAsync(context, sessions.HasKey, sessions.HasKey ? LoginReason.WrongKey : LoginReason.NotSignedIn);
    }

    private static Task EnterAsync(HttpContext context, Sessions sessions)
    {
        string path = $"{context.Request.PathBase}{context.Request.Path}"[..^"/login".Length];
        context.Response.Cookies.Append(
            Guard.CookieName(context),
            sessions.Begin(),
            new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = context.Request.IsHttps,
                Path = path.Length == 0 ? "/" : path,
                IsEssential = true,
            });
        context.Response.Headers.CacheControl = "no-store";
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = path + "/";
        return Task.CompletedTask;
    }
}
