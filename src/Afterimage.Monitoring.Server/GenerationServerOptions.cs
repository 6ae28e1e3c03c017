namespace Afterimage.Monitoring;

/// <summary>What the pages and the HTTP API of <see cref="GenerationServerExtensions.MapGenerationServer"/> show, and to whom.</summary>
public sealed class GenerationServerOptions
{
    /// <summary>The directory below which runs are: each directory in it that a monitor writes or wrote. It need not exist yet. Nothing is
    /// written into it. Default: <c>.afterimage-monitoring</c> below the current directory.</summary>
    public string Root { get; set; } = ".afterimage-monitoring";

    /// <summary>The key that lets in whoever knows it: on the page that asks for it, and as <c>Authorization: Bearer</c> for programs. At
    /// least 16 characters. Default: <see langword="null"/>, so that only the links of <see cref="GenerationServer.CreateLink"/> let
    /// in.</summary>
    public string? Key { get; set; }

    /// <summary>Whether the application itself decides who may see the pages, with <c>RequireAuthorization</c> on what
    /// <see cref="GenerationServerExtensions.MapGenerationServer"/> returns: then neither a link nor a key is asked for. Default:
    /// <see langword="false"/>.</summary>
    public bool UseApplicationAuthorization { get; set; }

    /// <summary>Names under which the server may be asked beside <c>localhost</c> and IP addresses, such as that of the proxy before it,
    /// without a port. A request for another name is refused: it is what a page of somebody else sends whose name was made to point
    /// here.</summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>How long an SQL statement may take. More than zero. Default: 30 seconds.</summary>
    public TimeSpan QueryTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many rows an SQL statement gives at most; of more the first are given and it is said. At least 1. Default:
    /// 10,000.</summary>
    public int MaxQueryRows { get; set; } = 10_000;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Root);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(QueryTimeLimit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueryRows, 1);
        if (Key is { Length: < MinKeyLength })
            throw new ArgumentException($"The key must have at least {MinKeyLength} characters.");
        if (Key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException("The key has a character that is not printable ASCII: no header can carry it.", nameof(Key));
    }

    internal const int MinKeyLength = 16;
}
