using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Files that are written beside their place and take it when all of them are whole; otherwise nothing is left of them.</summary>
internal sealed class StagedFiles : IDisposable
{
    private const string Prefix = ".afterimage-";
    private const string ClaimSuffix = ".claim";

    private readonly List<(string Staged, string Final)> _files = [];
    private readonly string _directory;
    private readonly string _staging;
    private readonly FileStream _claim;

    /// <param name="path">A file in the directory that all of them go to; made where it does not exist.</param>
    public StagedFiles(string path)
    {
        if (Directory.Exists(path))
            throw new IOException("it is a directory");

        _directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(_directory);
        RemoveAbandoned();

        // In the same directory, since a rename does not cross file systems.
        _staging = Path.Combine(_directory, Prefix + Guid.NewGuid().ToString("N"));
        _claim = Claim(_staging + ClaimSuffix, FileMode.CreateNew);
        Directory.CreateDirectory(_staging);
    }

    /// <summary>Where to write the file that will be <paramref name="name"/>.</summary>
    public string Add(string name)
    {
        string staged = Path.Combine(_staging, _files.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        _files.Add((staged, Path.Combine(_directory, name)));
        return staged;
    }

    /// <summary>Where to write what is gone when the work has ended.</summary>
    public string AddTemporary() => Path.Combine(_staging, Guid.NewGuid().ToString("N"));

    /// <summary>Gives all files their names.</summary>
    /// <returns>Their full paths.</returns>
    public string[] Commit()
    {
        foreach ((string staged, string final) in _files)
            File.Move(staged, final, overwrite: true);
        return [.. _files.Select(file => file.Final)];
    }

    public void Dispose() => Remove(_staging, _claim);

    // A process that is killed gives up its claim, and cannot remove its files.
    private void RemoveAbandoned()
    {
        foreach (string claim in Directory.EnumerateFiles(_directory, Prefix + new string('?', 32) + ClaimSuffix))
        {
            try
            {
                Remove(claim[..^ClaimSuffix.Length], Claim(claim, FileMode.Open));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It is being written, was removed meanwhile, or is somebody else's.
            }
        }
    }

    private static FileStream Claim(string path, FileMode mode) => new(path, mode, FileAccess.ReadWrite, FileShare.None);

    // The claim goes last: without it nobody would find the rest.
    private static void Remove(string staging, FileStream claim)
    {
        using (claim)
        {
            if (Directory.Exists(staging))
                Directory.Delete(staging, recursive: true);
        }

        File.Delete(claim.Name);
    }
}
