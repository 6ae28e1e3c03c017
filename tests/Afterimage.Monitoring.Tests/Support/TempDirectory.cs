namespace Afterimage.Monitoring.Tests.Support;

/// <summary>A new directory of one test's own, removed afterwards.</summary>
internal sealed class TempDirectory : IDisposable
{
    public TempDirectory() => FullPath = Directory.CreateTempSubdirectory("afterimage-").FullName;

    public string FullPath { get; }

    public string File(string name) => Path.Combine(FullPath, name);

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
