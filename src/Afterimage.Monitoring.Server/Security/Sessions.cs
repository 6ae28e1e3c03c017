using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;

namespace Afterimage.Monitoring.Server.Security;

/// <summary>One-time tokens, the sessions that they or the key are exchanged for, and how often either may be tried.</summary>
/// <remarks>Of tokens and sessions only hashes are kept; they end with the process.</remarks>
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

    /// <summary>Takes one of somebody's attempts to get in; false where none is left.</summary>
    public bool MayTry(string from) => _attempts.AttemptAcquire(from).IsAcquired;

    /// <summary>Whether somebody has an attempt left. None is taken.</summary>
    public bool MayStillTry(string from) => _attempts.AttemptAcquire(from, permitCount: 0).IsAcquired;

    /// <summary>Takes a token: it is good once.</summary>
    public bool TakeToken(string? token) => !string.IsNullOrEmpty(token) && _tokens.TryRemove(Hash(token), out _);

    public bool IsKey(string? key) =>
        options.Key is { } own
        && key is not null
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(own)),
            SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Begins a session.</summary>
    /// <returns>What its cookie says.</returns>
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
