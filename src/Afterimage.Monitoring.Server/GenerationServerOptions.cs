namespace Afterimage.Monitoring;

/// <summary>Settings for what the pages and the HTTP API of <see cref="GenerationServerExtensions.MapGenerationServer"/> show, and to
/// whom.</summary>
public sealed class GenerationServerOptions
{
    /// <summary>The directory below which the runs are: each directory in it to which a monitor writes or wrote. It need not exist yet.
    /// Nothing is written to it. Default: <c>.afterimage-monitoring</c> below the current directory.</summary>
    public string Root { get; set; } = ".afterimage-monitoring";

    /// <summary>The cluster whose runs are shown instead of those below <see cref="Root"/>. Runs are shown as far as they were shipped.
    /// Nothing is written to the cluster. Default: <see langword="null"/>, the runs below <see cref="Root"/> are shown.</summary>
    public FleetOptions? Fleet { get; set; }

    /// <summary>The key that grants access: people enter it on the sign-in page, programs send it as <c>Authorization: Bearer</c>. Must be
    /// at least 16 characters. Default: <see langword="null"/>, only the links of <see cref="GenerationServer.CreateLink"/> grant
    /// access.</summary>
    public string? Key { get; set; }

    /// <summary>Whether the application itself decides who may see the pages, with <c>RequireAuthorization</c> on the return value of
    /// <see cref="GenerationServerExtensions.MapGenerationServer"/>. Neither a link nor a key is then required. Default:
    /// <see langword="false"/>.</summary>
    public bool UseApplicationAuthorization { get; set; }

    /// <summary>Host names that requests may use in addition to <c>localhost</c> and IP addresses, such as the name of a reverse proxy,
    /// without a port. A request for another name is refused, because it may come from a foreign page whose name was made to resolve to
    /// this server (DNS rebinding).</summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>The time limit for an SQL statement. Must be more than zero. Default: 30 seconds.</summary>
    public TimeSpan QueryTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The maximum number of rows in the result of an SQL statement. If there are more, the first ones are returned, and the
    /// result says so. Must be at least 1. Default: 10,000.</summary>
    public int MaxQueryRows { get; set; } = 10_000;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Root);
        Fleet?.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(QueryTimeLimit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueryRows, 1);
        if (Key is { Length: < MinKeyLength })
            throw new ArgumentException($"The key must have at least {MinKeyLength} characters.");
        if (!HeaderText.IsPrintable(Key))
            throw new ArgumentException("The key must contain only printable ASCII, because it is sent in a header.", nameof(Key));
    }

    internal const int MinKeyLength = 16;
}
