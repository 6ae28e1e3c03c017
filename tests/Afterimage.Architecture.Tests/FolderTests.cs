using ArchUnitNET.Loader;

namespace Afterimage.Architecture.Tests;

/// <summary>The arrows between projects, and between the folders of each.</summary>
public sealed class FolderTests
{
    /// <summary>Every project, with those of ours that it may know.</summary>
    private static readonly Dictionary<string, string[]> Known = new(StringComparer.Ordinal)
    {
        ["Afterimage.Monitoring"] = [],
        ["Afterimage.Monitoring.Extensions.AI"] = ["Afterimage.Monitoring"],
        ["Afterimage.Monitoring.Extensions.Alerts"] = ["Afterimage.Monitoring"],
        ["Afterimage.Monitoring.Extensions.Hosting"] = ["Afterimage.Monitoring"],
        ["Afterimage.Monitoring.Reporting"] = ["Afterimage.Monitoring"],
        ["Afterimage.Monitoring.Server"] = ["Afterimage.Monitoring", "Afterimage.Monitoring.Reporting", "Afterimage.Monitoring.ClickHouse"],
        ["Afterimage.Monitoring.ClickHouse"] = ["Afterimage.Monitoring", "Afterimage.Monitoring.Reporting"],
        ["Afterimage.Cli"] =
        [
            "Afterimage.Monitoring",
            "Afterimage.Monitoring.Reporting",
            "Afterimage.Monitoring.Server",
            "Afterimage.Monitoring.ClickHouse",
        ],
    };

    public static TheoryData<string> Projects => new(SourceProject.All.Keys);

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_knows_none_but_those_below_it(string project) =>
        Assert.Subset(
            Known[project].ToHashSet(StringComparer.Ordinal),
            SourceProject.All[project].Assembly.GetReferencedAssemblies()
                .Select(reference => reference.Name!)
                .Where(name => name.StartsWith("Afterimage", StringComparison.Ordinal))
                .ToHashSet(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_of_a_project_know_each_other_in_one_direction_only(string project)
    {
        Dictionary<string, Dictionary<string, string>> arrows = Arrows(SourceProject.All[project]);

        Assert.Empty(arrows.Keys.Select(folder => Circle(folder, arrows)).Where(circle => circle is not null).Distinct());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Internal_types_are_in_the_namespace_of_their_folder(string project)
    {
        SourceProject source = SourceProject.All[project];
        foreach (System.Type type in source.Types.Where(type => !type.IsPublic))
        {
            string folder = source.FolderOf(type);
            string own = Namespace(project);
            Assert.True(
                type.Namespace == (folder.Length == 0 ? own : $"{own}.{folder}")
                    || (folder.Length == 0 && type.Namespace == "Afterimage.Monitoring"),
                $"{type.FullName} lies in folder '{folder}' of {project}.");
        }
    }

    // What an extension of hosts or alerts has of its own lies beside what it extends.
    private static string Namespace(string project) => project switch
    {
        "Afterimage.Monitoring.Extensions.AI" => "Afterimage.Monitoring",
        "Afterimage.Monitoring.Extensions.Alerts" => "Afterimage.Monitoring",
        "Afterimage.Monitoring.Extensions.Hosting" => "Afterimage.Monitoring",
        _ => project,
    };

    /// <summary>Which folder knows which, by the types of one that know some of the other. The root is the face, and knows all.</summary>
    private static Dictionary<string, Dictionary<string, string>> Arrows(SourceProject project)
    {
        Dictionary<string, string> folders = project.Assembly.GetTypes()
            .Where(type => !SourceProject.IsGenerated(type) && type.FullName is not null)
            .ToDictionary(type => type.FullName!, project.FolderOf, StringComparer.Ordinal);
        var arrows = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        foreach (ArchUnitNET.Domain.IType type in new ArchLoader().LoadAssemblies(project.Assembly).Build().Types)
        {
            if (folders.GetValueOrDefault(type.FullName) is not { Length: > 0 } from)
                continue;

            foreach (ArchUnitNET.Domain.IType target in type.Dependencies.Select(dependency => dependency.Target))
            {
                if (folders.GetValueOrDefault(target.FullName) is { Length: > 0 } to && to != from)
                {
                    if (!arrows.TryGetValue(from, out Dictionary<string, string>? known))
                        arrows.Add(from, known = new Dictionary<string, string>(StringComparer.Ordinal));
                    known.TryAdd(to, $"{type.Name} knows {target.Name}");
                }
            }
        }

        return arrows;
    }

    /// <summary>A way from a folder back to it; null where there is none.</summary>
    private static string? Circle(string start, Dictionary<string, Dictionary<string, string>> arrows)
    {
        var before = new Dictionary<string, string>(StringComparer.Ordinal);
        var left = new Queue<string>([start]);
        while (left.TryDequeue(out string? folder))
        {
            foreach (string next in arrows.GetValueOrDefault(folder)?.Keys.ToArray() ?? [])
            {
                if (next == start)
                {
                    List<string> way = [$"{folder} -> {next} ({arrows[folder][next]})"];
                    for (; folder != start; folder = before[folder])
                        way.Insert(0, $"{before[folder]} -> {folder} ({arrows[before[folder]][folder]})");
                    return string.Join(", ", way);
                }

                if (before.TryAdd(next, folder))
                    left.Enqueue(next);
            }
        }

        return null;
    }
}
