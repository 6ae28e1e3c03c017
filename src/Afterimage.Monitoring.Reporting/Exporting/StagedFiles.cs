using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Files that are written under temporary names and take their places when all of them are complete; otherwise, nothing is left of
/// them. For a pipe or a device, the content is copied to it. A symbolic link still points to its file afterwards.</summary>
internal sealed class StagedFiles : IDisposable
{
    private const string Prefix = ".afterimage-";
    private const string ClaimSuffix = ".claim";

    private readonly List<(string Staged, string Final)> _files = [];
    private readonly string _directory;
    private readonly string _staging;
    private readonly OutputRules _rules;
    private readonly string _path;
    private readonly FileStream _claim;

    /// <param name="path">A file in the directory that all files go to. The directory is created if it does not exist.</param>
    /// <param name="rules">The rules for what the files may replace.</param>
    /// <param name="kind">The kind of <paramref name="path"/> itself; null if it only serves to name other files.</param>
    /// <exception cref="IOException">The place cannot be written to, or the rules forbid it.</exception>
    public StagedFiles(string path, OutputRules rules, OutputKind? kind = null)
    {
        if (Directory.Exists(path))
            throw new IOException("The path names a directory.");

        FileSizeLimit.FailWrites();
        _rules = rules;
        _path = path;
        if (kind is { } only)
            Check(path, only);
        _directory = Path.GetDirectoryName(path)!;
        string resolved = OutputPlace.Resolve(path);
        bool isStream = OutputPlace.IsStream(resolved);
        if (!isStream)
            Directory.CreateDirectory(_directory);

        // The staging directory is in the directory of the file, because a rename cannot cross file systems.
        string place = isStream ? Path.GetTempPath() : Path.GetDirectoryName(resolved)!;
        RemoveAbandoned(place);
        _staging = Path.Combine(place, Prefix + Guid.NewGuid().ToString("N"));
        _claim = Claim(_staging + ClaimSuffix, FileMode.CreateNew);
        Directory.CreateDirectory(_staging);
    }

    /// <summary>Returns the path at which to write the file that will be <paramref name="name"/>.</summary>
    /// <exception cref="IOException">The rules forbid it.</exception>
    public string Add(string name, OutputKind kind)
    {
        string staged = Path.Combine(_staging, _files.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        string final = Path.Combine(_directory, name);
        Check(final, kind);
        _files.Add((staged, final));
        return staged;
    }

    /// <summary>Returns the path for a file that is removed when the work has ended.</summary>
    public string AddTemporary() => Path.Combine(_staging, Guid.NewGuid().ToString("N"));

    /// <summary>Renames all files to their final names.</summary>
    /// <param name="cancellationToken">A token to cancel the wait for the reader of a pipe.</param>
    /// <returns>The full paths of the files.</returns>
    public string[] Commit(CancellationToken cancellationToken)
    {
        foreach ((string staged, string final) in _files)
        {
            string resolved = OutputPlace.Resolve(final);
            if (!OutputPlace.IsStream(resolved))
            {
                File.Move(staged, resolved, overwrite: true);
                continue;
            }

            using FileStream target = OutputPlace.OpenStream(resolved, cancellationToken);
            using FileStream source = File.OpenRead(staged);
            source.CopyTo(target);
        }

        return [.. _files.Select(file => file.Final)];
    }

    public void Dispose() => Remove(_staging, _claim);

    private void Check(string path, OutputKind kind)
    {
        try
        {
            _rules.Check(OutputPlace.Resolve(path), kind);
        }
        catch (IOException exception) when (path != _path)
        {
            throw new IOException($"'{Path.GetFileName(path)}': {exception.Message}", exception);
        }
    }

    // A process that is killed releases its claim, but cannot remove its files.
    private static void RemoveAbandoned(string directory)
    {
        foreach (string claim in Directory.EnumerateFiles(directory, Prefix + new string('?', 32) + ClaimSuffix))
        {
            try
            {
                Remove(claim[..^ClaimSuffix.Length], Claim(claim, FileMode.Open));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The directory is being written to, was removed in the meantime, or belongs to somebody else.
            }
        }
    }

    private static FileStream Claim(string path, FileMode mode) => new(path, mode, FileAccess.ReadWrite, FileShare.None);

    // The claim must go last: without it, nobody would find the rest.
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
