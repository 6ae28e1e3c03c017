using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Afterimage.Architecture.Tests;

/// <summary>A project under <c>src</c>: its types, and the folders that its files lie in.</summary>
internal sealed partial class SourceProject
{
    private readonly Dictionary<string, string> _folders = new(StringComparer.Ordinal);

    private SourceProject(Assembly assembly, string name)
    {
        Assembly = assembly;
        Directory = Path.Combine(Root, "src", name);
        foreach (string file in Files)
        {
            string path = Path.GetRelativePath(Directory, Path.GetDirectoryName(file)!);
            string folder = path.TrimStart('.').Replace(Path.DirectorySeparatorChar, '.');
            foreach (Match declaration in Declaration().Matches(File.ReadAllText(file)))
                _folders.TryAdd(declaration.Groups[1].Value, folder);
        }
    }

    public static string Root { get; } = FindRoot();

    /// <summary>All projects, by their names.</summary>
    public static IReadOnlyDictionary<string, SourceProject> All { get; } = System.IO.Directory
        .EnumerateDirectories(Path.Combine(Root, "src"))
        .Select(directory => Path.GetFileName(directory))
        .ToDictionary(name => name, name => new SourceProject(Assembly.Load(name == "Afterimage.Cli" ? "afterimage" : name), name));

    public Assembly Assembly { get; }

    public string Directory { get; }

    public IEnumerable<string> Files => FilesBelow(Directory);

    /// <summary>The types that are no part of another, and were not generated.</summary>
    public IEnumerable<Type> Types => Assembly.GetTypes().Where(type => !type.IsNested && !IsGenerated(type) && IsOwn(type));

    /// <summary>The folder of a type, or of the one that it is within; empty for the root.</summary>
    public string FolderOf(Type type) =>
        type.DeclaringType is { } outer ? FolderOf(outer) : _folders.GetValueOrDefault(type.Name.Split('`')[0], "");

    /// <summary>The C# files of a directory, without what a build has made.</summary>
    public static IEnumerable<string> FilesBelow(string directory) => System.IO.Directory
        .EnumerateFiles(directory, "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(directory, file)
            .Split(Path.DirectorySeparatorChar)
            .Any(part => part is "bin" or "obj" or "BenchmarkDotNet.Artifacts"));

    public static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) || (type.DeclaringType is { } outer && IsGenerated(outer));

    private static bool IsOwn(Type type) => type.Namespace?.StartsWith("Afterimage", StringComparison.Ordinal) == true;

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Afterimage.slnx")))
                return directory.FullName;
        }

        throw new InvalidOperationException("The tests run outside of the repository.");
    }

    [GeneratedRegex(@"^(?:public|internal) .*\b(?:class|struct|record|enum|interface|delegate \S+) (\w+)\b", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
