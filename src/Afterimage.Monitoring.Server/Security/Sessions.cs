using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;

namespace Afterimage.Monitoring.Server.Security;

/// <summary>One-time tokens, the sessions for which they or the key are exchanged, and limits on attempts.</summary>
/// <remarks>Only hashes of tokens and sessions are kept. They end with the process.</remarks>
internal sealed class Sessions(GenerationServerOptions options, TimeProvider timeProvider) : IDisposable
{
    private const int MaxSessions = 256;
    private const int AttemptsPerMinute = 20;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly ConcurrentDictionary<string, bool> _tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _sessions = new(StringComparer.Ordinal);
    private readonly PartitionedRateLimiter<string> _attempts = PartitionedRateLimiter.Create<string, string>(from =>
        RateLimitPartition.GetFixedWindowLimiter(
            from,
            _ => new FixedWindowRateLimiterOptions { PermitLimit = AttemptsPerMinute, Window = TimeSpan.FromMinutes(1) }));

    public bool HasKey => options.Key is not null;

    public string CreateToken()
    {
        string token = Secret();
        _tokens[Hash(token)] = true;
        return token;
    }

    /// <summary>Uses up one of a caller's sign-in attempts; returns false if none is left.</summary>
    public bool MayTry(string from) => _attempts.AttemptAcquire(from).IsAcquired;

    /// <summary>Returns whether a caller has an attempt left, without using it up.</summary>
    public bool MayStillTry(string from) => _attempts.AttemptAcquire(from, permitCount: 0).IsAcquired;

    /// <summary>Redeems a token, which is valid once.</summary>
    public bool TakeToken(string? token) => !string.IsNullOrEmpty(token) && _tokens.TryRemove(Hash(token), out _);

    public bool IsKey(string? key) =>
        options.Key is { } own
        && key is not null
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(own)),
            SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Creates a session.</summary>
    /// <returns>The value of its cookie.</returns>
    public string Begin()
    {
        DateTimeOffset now = timeProvider.GetUtcNow();
        foreach ((string id, DateTimeOffset ends) in _sessions.OrderBy(session => session.Value))
        {
            if (ends <= now || _sessions.Count >= MaxSessions)
                _sessions.TryRemove(id, out _);
        }

        string secret = Secret();
        _sessions[Hash(secret)] = now + Lifetime;
        return secret;
    }

    public bool IsSession(string? secret) =>
        !string.IsNullOrEmpty(secret) && _sessions.TryGetValue(Hash(secret), out DateTimeOffset ends) && ends > timeProvider.GetUtcNow();

    public void Dispose() => _attempts.Dispose();

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static string Hash(string secret) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
