using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>A cluster behind TLS, with users and keys from files.</summary>
[Collection(ClusterTests.Name)]
public sealed class TlsTests(SharedCluster shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_are_shipped_and_asked_about_over_tls_with_a_key_from_a_file()
    {
        using var root = new TemporaryDirectory();
        (Fleet plain, FleetOptions options) = await shared.NewFleetAsync();
        using Fleet one = plain;
        Recorded.Run(Path.Combine(root.Path, "run"), 100);
        using Authority authority = new();
        using X509Certificate2 certificate = authority.Issue();
        await using Proxies proxies = await Proxies.StartAsync(options.Urls, certificate);
        FleetOptions secure = options with { Urls = proxies.Urls, CertificateAuthorityFile = authority.WriteTo(root.Path) };
        string keyFile = Path.Combine(root.Path, "key");
        await File.WriteAllTextAsync(keyFile, SharedCluster.ReaderPassword + "\n", Cancellation);

        using var shipper = new Fleet(secure);
        ShippingStatus shipped = await shipper.ShipAsync(Path.Combine(root.Path, "run"), SharedCluster.Once, null, Cancellation);
        await (await shared.GetAsync()).SyncAsync(options.Database);
        using var reader = new Fleet(secure with { User = "afterimage_reader", PasswordFile = keyFile });
        RunSummary summary = await reader.SummarizeAsync(null, Cancellation);

        Assert.True(shipped.IsComplete);
        Assert.Equal(100, summary.Generations);
        using var stranger = new Fleet(secure with { User = "afterimage_reader", Password = "another" });
        FleetException refused = await Assert.ThrowsAsync<FleetException>(() => stranger.SummarizeAsync(null, Cancellation));
        Assert.Contains("refused the user name and password", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_a_certificate_of_another_authority_is_not_trusted()
    {
        using var root = new TemporaryDirectory();
        FleetOptions options = await shared.NewDatabaseAsync();
        using Authority authority = new();
        using Authority another = new();
        using X509Certificate2 certificate = authority.Issue();
        await using Proxies proxies = await Proxies.StartAsync(options.Urls, certificate);
        using var fleet = new Fleet(options with { Urls = proxies.Urls, CertificateAuthorityFile = another.WriteTo(root.Path) });

        FleetException exception = await Assert.ThrowsAsync<FleetException>(() => fleet.InitializeAsync(Cancellation));

        Assert.Contains("certificate", exception.Message, StringComparison.Ordinal);
    }

    private sealed class Proxies : IAsyncDisposable
    {
        private readonly List<FaultyProxy> _proxies = [];

        public IReadOnlyList<Uri> Urls => [.. _proxies.Select(proxy => proxy.Url)];

        public static async Task<Proxies> StartAsync(IEnumerable<Uri> nodes, X509Certificate2 certificate)
        {
            var proxies = new Proxies();
            foreach (Uri node in nodes)
                proxies._proxies.Add(await FaultyProxy.StartAsync(node, certificate));
            return proxies;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (FaultyProxy proxy in _proxies)
                await proxy.DisposeAsync();
        }
    }

    /// <summary>An authority that issues certificates for 127.0.0.1.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 _certificate;

        public Authority()
        {
            var request = new CertificateRequest("CN=authority", _key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        }

        public X509Certificate2 Issue()
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            using X509Certificate2 issued = request.Create(
                _certificate,
                DateTimeOffset.UtcNow.AddDays(-1),
                DateTimeOffset.UtcNow.AddDays(29),
                RandomNumberGenerator.GetBytes(8));
            return issued.CopyWithPrivateKey(key);
        }

        public string WriteTo(string directory)
        {
            string file = Path.Combine(directory, "authority.pem");
            File.WriteAllText(file, _certificate.ExportCertificatePem());
            return file;
        }

        public void Dispose()
        {
            _certificate.Dispose();
            _key.Dispose();
        }
    }
}
