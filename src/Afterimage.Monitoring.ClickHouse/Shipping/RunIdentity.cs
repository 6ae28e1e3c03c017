using System.Security.Cryptography;
using System.Text;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>The name of a run in every cluster, derived from its <c>run.json</c> when it was first seen, so that the loss of a checkpoint
/// does not turn it into another run.</summary>
internal static class RunIdentity
{
    public static string Of(RunListing run)
    {
        foreach (ListedFile part in run.Parts)
        {
            if (JsonFile.Read(part.Path) is { } json
                && json.TryGetProperty("run_id", out var id)
                && id.GetString() is { Length: > 0 and <= 100 } text)
                return text;
        }

        // For a run of another writer, hash what distinguishes it from others.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{Environment.MachineName}\n{run.Directory}\n"));
        foreach (ListedFile file in run.Files.Where(file => !file.IsCompacted).Take(1))
        {
            using var lines = new LineSplitter(file.Path);
            if (lines.Read())
                hash.AppendData(lines.Line.Span);
        }

        return new Guid(hash.GetHashAndReset().AsSpan(0, 16)).ToString();
    }
}
