using System.Text.RegularExpressions;

namespace Afterimage.Monitoring;

/// <summary>The location of a ClickHouse cluster, and the credentials for it.</summary>
public sealed partial record FleetOptions
{
    /// <summary>The nodes, as URLs of their HTTP interface, such as <c>http://node1:8123</c> or <c>https://node1:8443</c>. Required,
    /// without user name and password. If one node is given, the others are found by the names under which it knows them, at the same port.
    /// If several are given, these are all.</summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>The name of the cluster in the servers' <c>remote_servers</c>. Must consist of letters, digits, <c>_</c> and <c>-</c>.
    /// Default: <c>fleet</c>.</summary>
    public string Cluster { get; init; } = "fleet";

    /// <summary>The name of the database. Must consist of letters, digits and <c>_</c>, and must not begin with a digit. Default:
    /// <c>afterimage</c>.</summary>
    public string Database { get; init; } = "afterimage";

    /// <summary>The user name. Default: the server's <c>default</c>.</summary>
    public string? User { get; init; }

    /// <summary>The password of the user. Default: none.</summary>
    public string? Password { get; init; }

    /// <summary>A file whose first line is the user's password or key. It is read at each start. Must not be set together with
    /// <see cref="Password"/>. Default: none.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>A PEM file with the certificates of the authorities that must have issued the servers' certificates. It replaces the
    /// authorities that the machine trusts. Default: none.</summary>
    public string? CertificateAuthorityFile { get; init; }

    /// <summary>The time after which a request counts as failed. Must be more than zero. Default: 30 seconds.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentException">A setting is not valid; the message names it.</exception>
    internal void Validate()
    {
        if (Urls is not { Count: > 0 })
            throw new ArgumentException("Urls must contain the URL of at least one node.", nameof(Urls));
        foreach (Uri url in Urls)
        {
            if (url is not { IsAbsoluteUri: true, Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" })
                throw new ArgumentException(
                    $"The URL '{Shown(url)}' must be http://HOST:PORT or https://HOST:PORT, without user name and password.",
                    nameof(Urls));
        }

        if (!ClusterName().IsMatch(Cluster))
            throw new ArgumentException($"The cluster name '{Cluster}' must consist of letters, digits, _ and -.", nameof(Cluster));
        if (!DatabaseName().IsMatch(Database))
            throw new ArgumentException($"The database name '{Database}' must consist of letters, digits and _.", nameof(Database));
        if (Password is not null && PasswordFile is not null)
            throw new ArgumentException("Password and PasswordFile must not both be set.", nameof(PasswordFile));
        RequireHeader(User, nameof(User));
        RequireHeader(Password, nameof(Password));
        if (RequestTimeout <= TimeSpan.Zero)
            throw new ArgumentException("RequestTimeout must be greater than zero.", nameof(RequestTimeout));
    }

    // Both are sent as headers, which take no other text; the value itself is nobody's business.
    private static void RequireHeader(string? value, string setting)
    {
        if (!HeaderText.IsPrintable(value))
            throw new ArgumentException($"{setting} must contain only printable ASCII, because it is sent in a header.", setting);
    }

    // What stands before an @ may be a password.
    private static string Shown(Uri? url) => url is null ? "" : url.IsAbsoluteUri ? $"{url.Scheme}://{url.Authority}" : url.OriginalString;

    [GeneratedRegex(@"^[A-Za-z0-9_-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex ClusterName();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex DatabaseName();
}
