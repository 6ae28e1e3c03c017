using System.Reflection;
using System.Text.RegularExpressions;
using ArchUnitNET.Fluent;
using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Afterimage.Architecture.Tests;

/// <summary>The arrows of the design: a folder is a concept, and knows only those it may know.</summary>
public sealed partial class CoreArrowsTests
{
    private static readonly SourceProject Core = SourceProject.All["Afterimage.Monitoring"];
    private static readonly System.Reflection.Assembly Library = Core.Assembly;
    private static readonly ArchUnitNET.Domain.Architecture Loaded = new ArchLoader().LoadAssemblies(Library).Build();

    /// <summary>Every concept, with those that it must not know.</summary>
    public static TheoryData<string, string[]> Arrows =>
        new()
        {
            {
                "Settings",
                ["Recording", "Metrics", "Pricing", "Budgets", "Alerts", "Handlers", "Log", "Log.Reading", "Log.Writing", "Telemetry"]
            },
            {
                "Recording",
                ["Settings", "Metrics", "Pricing", "Budgets", "Alerts", "Handlers", "Log", "Log.Reading", "Log.Writing", "Telemetry"]
            },
            { "Metrics", ["Settings", "Pricing", "Budgets", "Alerts", "Handlers", "Log", "Log.Reading", "Log.Writing", "Telemetry"] },
            { "Pricing", ["Budgets", "Alerts", "Handlers", "Log", "Log.Reading", "Log.Writing", "Telemetry"] },
            { "Budgets", ["Handlers", "Log", "Log.Reading", "Log.Writing", "Telemetry"] },
            { "Handlers", ["Settings", "Alerts", "Log", "Log.Reading", "Log.Writing", "Telemetry"] },
            { "Log", ["Settings", "Alerts", "Log.Reading", "Log.Writing", "Telemetry"] },
            { "Log.Reading", ["Settings", "Alerts", "Log.Writing", "Telemetry"] },
            { "Log.Writing", ["Settings", "Alerts", "Log.Reading", "Telemetry"] },
            { "Telemetry", ["Settings", "Pricing", "Budgets", "Alerts", "Log", "Log.Reading", "Log.Writing"] },
        };

    [Theory]
    [MemberData(nameof(Arrows))]
    public void A_concept_does_not_know_those_above_it(string concept, string[] unknown)
    {
        GivenTypesConjunction own = TypesOf(concept);
        Assert.NotEmpty(own.GetObjects(Loaded));
        foreach (string other in unknown)
            ((IArchRule)Types().That().Are(own).Should().NotDependOnAny(Types().That().Are(TypesOf(other)))).Check(Loaded);
    }

    [Fact]
    public void Nothing_but_the_face_knows_the_face()
    {
        GivenTypesConjunction concepts = Types()
            .That()
            .Are(TypesOf("Recording"))
            .Or()
            .Are(TypesOf("Metrics"))
            .Or()
            .Are(TypesOf("Pricing"))
            .Or()
            .Are(TypesOf("Budgets"))
            .Or()
            .Are(TypesOf("Handlers"))
            .Or()
            .Are(TypesOf("Log"))
            .Or()
            .Are(TypesOf("Log.Reading"))
            .Or()
            .Are(TypesOf("Log.Writing"))
            .Or()
            .Are(TypesOf("Telemetry"));
        (
            (IArchRule)Types().That().Are(concepts).Should().NotCallAny(MethodMembers().That().AreDeclaredIn(typeof(GenerationMonitor)))
        ).Check(Loaded);
    }

    [Fact]
    public void Recording_knows_no_file()
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Core.Directory, "Recording"), "*.cs"))
            Assert.DoesNotMatch(FileAccessPattern(), File.ReadAllText(file));
    }

    [Fact]
    public void The_library_references_the_framework_and_abstractions_only()
    {
        foreach (AssemblyName reference in Library.GetReferencedAssemblies())
        {
            Assert.True(
                reference.Name!.StartsWith("System.", StringComparison.Ordinal)
                    || (
                        reference.Name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
                        && reference.Name.EndsWith(".Abstractions", StringComparison.Ordinal)),
                $"The library references {reference.Name}.");
        }

        Assert.DoesNotContain(Library.GetReferencedAssemblies(), r => r.Name!.StartsWith("Afterimage", StringComparison.Ordinal));
    }

    [Fact]
    public void Public_types_are_in_the_librarys_namespace() =>
        Assert.All(Core.Types.Where(type => type.IsPublic), type => Assert.Equal("Afterimage.Monitoring", type.Namespace));

    [Fact]
    public void A_public_type_has_its_file()
    {
        string[] files = [.. Core.Files.Select(f => Path.GetFileNameWithoutExtension(f))];
        Assert.All(Core.Types.Where(t => t.IsPublic), type => Assert.Contains(type.Name, files));
    }

    // Public types are all in one namespace: which concept they belong to, their file says.
    private static GivenTypesConjunction TypesOf(string concept)
    {
        System.Type[] types = [.. Library.GetTypes().Where(t => !SourceProject.IsGenerated(t) && Core.FolderOf(t) == concept)];
        return Types().That().Are(types);
    }

    [GeneratedRegex(@"System\.IO|\bFile(Stream|Info)?\b\.|\bDirectory\.|\bPath\.")]
    private static partial Regex FileAccessPattern();
}
