using System.Security.Cryptography;
using System.Text;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The identity of a sender: a program, and an instance of it.</summary>
internal readonly record struct SenderId(string Service, string? Instance)
{
    public const string UnknownService = "unknown_service";
    private const int MaxNameLength = 40;

    /// <summary>Returns the name of the sender's directory. It is readable, and unique to the sender. Names are data, never
    /// paths.</summary>
    public string DirectoryName()
    {
        var name = new StringBuilder("otlp-");
        foreach (char c in Service.AsSpan(0, Math.Min(Service.Length, MaxNameLength)))
            name.Append(char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-');
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Service.Length}\n{Service}\n{Instance}"));
        return name.Append('-').Append(Convert.ToHexStringLower(hash.AsSpan(0, 8))).ToString();
    }
}
