using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Decides who may send.</summary>
internal sealed class OtlpAccess(OtlpOptions options)
{
    private const string KeyHeader = "x-otlp-api-key";
    private const string Bearer = "Bearer ";

    private readonly byte[]? _keyHash = options.Key is { } key ? Hash(key) : null;

    /// <exception cref="OtlpRefusedException">The request must be refused.</exception>
    public void Check(HttpContext http)
    {
        // Only browsers send this header, and no web page may write to a log.
        if (http.Request.Headers.ContainsKey("Origin"))
            throw new OtlpRefusedException(OtlpRefusal.Origin, "Requests from browsers are not accepted.");

        if (_keyHash is null)
        {
            // A request without an address came through a Unix socket or from within the process.
            if (http.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address))
                throw new OtlpRefusedException(OtlpRefusal.Unauthorized, "Without a key, only requests from this machine are accepted.");
        }
        else if (!IsKey(http.Request.Headers[KeyHeader]) && !IsBearer(http.Request.Headers.Authorization))
        {
            throw new OtlpRefusedException(OtlpRefusal.Unauthorized, "The key is missing or wrong.");
        }
    }

    private bool IsBearer(string? header) =>
        header is not null && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && IsKey(header[Bearer.Length..]);

    // Hashes are compared, so that the duration reveals nothing about the key, not even its length.
    private bool IsKey(string? given) => !string.IsNullOrEmpty(given) && CryptographicOperations.FixedTimeEquals(Hash(given), _keyHash);

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
