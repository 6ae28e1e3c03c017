using System.CommandLine;
using Afterimage.Monitoring;
using Afterimage.Monitoring.ClickHouse.Questions;

namespace Afterimage.Cli.CommandLine;

/// <summary>The options that select the cluster of a command.</summary>
/// <param name="isRequired">Whether the command needs a cluster. If not, the option for its URL is named <c>--fleet</c>.</param>
internal sealed class FleetConnection(bool isRequired = true)
{
    private readonly Option<string[]> _urls = new(isRequired ? "--url" : "--fleet")
    {
        Description = isRequired
            ? "Connect to this HTTP interface of a node, such as http://node1:8123. If ports differ, repeat it for each node."
            : "Show the runs in the cluster with this HTTP interface of a node, such as http://node1:8123, not those below ROOT.",
        HelpName = "URL",
        Required = isRequired,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<string> _cluster = new("--cluster")
    {
        Description = "Use this cluster, by its name in remote_servers.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "fleet",
    };

    private readonly Option<string> _database = new("--database")
    {
        Description = "Use this database.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "afterimage",
    };

    private readonly Option<string?> _user = new("--user")
    {
        Description = "Connect as this user. [default: the default user of the server]",
        HelpName = "NAME",
    };

    private readonly Option<string?> _passwordFile = new("--password-file")
    {
        Description = "Read the password or key from the first line of this file. [default: $AFTERIMAGE_FLEET_PASSWORD, or none]",
        HelpName = "FILE",
    };

    private readonly Option<string?> _authorities = new("--ca-file")
    {
        Description = "Trust the certificate authorities in this PEM file. [default: those that this machine trusts]",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Add(_urls);
        command.Add(_cluster);
        command.Add(_database);
        command.Add(_user);
        command.Add(_passwordFile);
        command.Add(_authorities);
    }

    /// <summary>Does <paramref name="work"/> with the cluster.</summary>
    /// <exception cref="InputException">The cluster cannot be reached, or refuses.</exception>
    public Task<int> UseAsync(ParseResult parsed, Func<Fleet, Task<int>> work) =>
        LogInput.GuardAsync(async () =>
        {
            using var fleet = new Fleet(Options(parsed));
            return await work(fleet);
        });

    /// <summary>Returns whether a cluster was given.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_urls) is { Length: > 0 };

    /// <summary>Returns the name under which records of the fleet are shown.</summary>
    public string Name(ParseResult parsed, FleetFilter filter) => FleetFigures.NameOf(Options(parsed), filter);

    public FleetOptions Options(ParseResult parsed)
    {
        string? passwordFile = parsed.GetValue(_passwordFile);
        return new FleetOptions
        {
            Urls = [.. parsed.GetRequiredValue(_urls).Select(ToUrl)],
            Cluster = parsed.GetRequiredValue(_cluster),
            Database = parsed.GetRequiredValue(_database),
            User = parsed.GetValue(_user),
            PasswordFile = passwordFile,
            Password = passwordFile is null ? Environment.GetEnvironmentVariable("AFTERIMAGE_FLEET_PASSWORD") : null,
            CertificateAuthorityFile = parsed.GetValue(_authorities),
        };
    }

    private Uri ToUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
            ? url
            : throw new InputException($"{_urls.Name} must be a URL such as http://node1:8123, not '{Format.Name(text, 60)}'.");
}
