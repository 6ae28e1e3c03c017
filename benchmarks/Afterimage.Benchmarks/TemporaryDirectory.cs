namespace Afterimage.Benchmarks;

/// <summary>A directory below the system's temporary one (TMPDIR), deleted with all that was written into it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("afterimage-benchmark-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Bytes of the files whose names match.</summary>
    public long Size(string pattern) => new DirectoryInfo(Path).EnumerateFiles(pattern).Sum(f => f.Length);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
