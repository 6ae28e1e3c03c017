namespace Afterimage.Tests;

/// <summary>A directory of one test's own, gone when the test is over.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("afterimage-test-").FullName;

    public string Path { get; }

    public string Write(string name, params IEnumerable<string> lines)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, string.Concat(lines.Select(line => line + "\n")));
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
