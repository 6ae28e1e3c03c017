namespace Afterimage.Packages.Tests;

/// <summary>What ahead-of-time compilation links with.</summary>
internal static class Linker
{
    private static readonly string[] Names = ["clang", "gcc"];

    /// <summary>The first of them that is installed; null without any.</summary>
    public static string? Find() => Names.FirstOrDefault(name =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, name))));
}
