namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>Bodies of real senders, which lie beside the repository and are no part of it.</summary>
internal static class SharedBodies
{
    public static byte[] Read(string name)
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "global.json")))
            directory = directory.Parent;
        string path = Path.GetFullPath(Path.Combine(directory?.FullName ?? "", "../shared/data/otlp", name));
        Assert.SkipUnless(File.Exists(path), "The senders' bodies are not beside the repository.");
        return File.ReadAllBytes(path);
    }
}
