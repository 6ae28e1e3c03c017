namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Files that are written beside their place and take it when all of them are whole; otherwise nothing is left of them.</summary>
internal sealed class StagedFiles : IDisposable
{
    private readonly List<(string Staged, string Final)> _files = [];
    private readonly string _directory;
    private readonly string _staging;

    /// <param name="path">A file in the directory that all of them go to; made where it does not exist.</param>
    public StagedFiles(string path)
    {
        if (Directory.Exists(path))
            throw new IOException("it is a directory");

        _directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(_directory);

        // In the same directory, since a rename does not cross file systems.
        _staging = Path.Combine(_directory, ".afterimage-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(_staging);
    }

    /// <summary>Where to write the file that will be <paramref name="name"/>.</summary>
    public string Add(string name)
    {
        string staged = Path.Combine(_staging, _files.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        _files.Add((staged, Path.Combine(_directory, name)));
        return staged;
    }

    /// <summary>Gives all files their names.</summary>
    /// <returns>Their full paths.</returns>
    public string[] Commit()
    {
        foreach ((string staged, string final) in _files)
            File.Move(staged, final, overwrite: true);
        return [.. _files.Select(file => file.Final)];
    }

    public void Dispose() => Directory.Delete(_staging, recursive: true);
}
