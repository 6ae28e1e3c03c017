using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Afterimage.Monitoring.ClickHouse.Http;

/// <summary>The HTTP connections and credentials that all nodes share.</summary>
internal sealed class ClickHouseHttp : IDisposable
{
    private const string UserHeader = "X-ClickHouse-User";
    private const string KeyHeader = "X-ClickHouse-Key";

    private readonly HttpClient _client;
    private readonly string? _user;
    private readonly string? _key;

    /// <param name="options">The settings. They must be valid.</param>
    /// <exception cref="FleetException">A file that the settings name cannot be read.</exception>
    public ClickHouseHttp(FleetOptions options)
    {
        _user = options.User;
        _key = options.PasswordFile is { } file ? ReadKey(file) : options.Password;
        Timeout = options.RequestTimeout;

        // Following a redirect would take the key to a place that nobody named. Each request has a time limit of its own.
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = TimeSpan.FromSeconds(5),
        };
        if (options.CertificateAuthorityFile is { } authorities)
            handler.SslOptions.CertificateChainPolicy = TrustOnly(authorities);
        _client = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    public TimeSpan Timeout { get; }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_user is not null)
            request.Headers.TryAddWithoutValidation(UserHeader, _user);
        if (_key is not null)
            request.Headers.TryAddWithoutValidation(KeyHeader, _key);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("afterimage", null));
        return _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public void Dispose() => _client.Dispose();

    private static string ReadKey(string file)
    {
        string key;
        try
        {
            key = File.ReadLines(file).FirstOrDefault("").TrimEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FleetException($"The key in '{file}' cannot be read: {e.FirstLine()}", e);
        }

        return HeaderText.IsPrintable(key)
            ? key
            : throw new FleetException($"The key in '{file}' must contain only printable ASCII, because it is sent in a header.");
    }

    private static X509ChainPolicy TrustOnly(string file)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new FleetException($"The certificates in '{file}' cannot be read: {e.FirstLine()}", e);
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new FleetException($"The file '{file}' must contain a certificate.");
    }
}
