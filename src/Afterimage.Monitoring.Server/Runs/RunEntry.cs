using System.Security.Cryptography;
using System.Text;

namespace Afterimage.Monitoring.Server.Runs;

/// <summary>A run in a list.</summary>
/// <param name="id">The ID that requests use. It reveals nothing about a path, so that no request names a file.</param>
internal abstract class RunEntry(string id)
{
    public string Id => id;

    /// <summary>Returns the ID of the run with a name that is unique in its place.</summary>
    public static string IdOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16];

    public abstract string Name { get; }

    /// <summary>The ID of the run in the cluster; null if it is not in one.</summary>
    public virtual string? FleetId => null;

    public RunStatus Status { get; protected set; } = RunStatus.Ended;

    public RunDigest? Digest { get; protected set; }

    /// <summary>The reason why the run could not be read, if any.</summary>
    public string? Trouble { get; protected set; }

    /// <summary>A number that increases with every change of what is shown.</summary>
    public long Version { get; protected set; }

    public abstract DateTimeOffset? Start { get; }

    public abstract DateTimeOffset? End { get; }

    public abstract string Host { get; }

    public abstract string Process { get; }
}
