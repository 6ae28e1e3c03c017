using Afterimage.Monitoring.Server.Security;

namespace Afterimage.Monitoring;

/// <summary>The server that <see cref="GenerationServerExtensions.AddGenerationServer"/> adds. Resolve it from the application's
/// services.</summary>
public sealed class GenerationServer
{
    private readonly Sessions _sessions;

    internal GenerationServer(Sessions sessions) => _sessions = sessions;

    /// <summary>Creates a link that admits whoever opens it first, once.</summary>
    /// <param name="pages">The address of the pages, including the prefix under which they are mapped.</param>
    /// <returns>The link.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="pages"/> is <see langword="null"/>.</exception>
    public Uri CreateLink(Uri pages)
    {
        ArgumentNullException.ThrowIfNull(pages);
        return new Uri($"{pages.AbsoluteUri.TrimEnd('/')}/login?token={_sessions.CreateToken()}");
    }
}
