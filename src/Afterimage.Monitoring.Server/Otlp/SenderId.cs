using System.Security.Cryptography;
using System.Text;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Who sends: a program, and which instance of it.</summary>
internal readonly record struct SenderId(string Service, string? Instance)
{
    public const string UnknownService = "unknown_service";
    private const int MaxNameLength = 40;

    /// <summary>The name of its directory: readable, and of no two senders the same. Names are data, never paths.</summary>
    public string DirectoryName()
    {
        var name = new StringBuilder("otlp-");
        foreach (char c in Service.AsSpan(0, Math.Min(Service.Length, MaxNameLength)))
            name.Append(char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-');
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Service.Length}\n{Service}\n{Instance}"));
        return name.Append('-').Append(Convert.ToHexStringLower(hash.AsSpan(0, 8))).ToString();
    }
}
