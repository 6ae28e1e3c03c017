using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Afterimage.Monitoring.Server.Security;

/// <summary>Maps endpoints, each of them behind the guard.</summary>
internal sealed class GuardedRoutes(RouteGroupBuilder group, Guard guard)
{
    public void Get(string pattern, Audience audience, RequestDelegate endpoint) =>
        group.MapMethods(pattern, [HttpMethods.Get], guard.Protect(audience, endpoint));

    public void Post(string pattern, Audience audience, RequestDelegate endpoint) =>
        group.MapMethods(pattern, [HttpMethods.Post], guard.Protect(audience, endpoint));
}
