using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml.Linq;

namespace Afterimage.Packages.Tests;

/// <summary>What people install.</summary>
public sealed class PackageTests(PackedRepository packed) : IClassFixture<PackedRepository>
{
    [Theory]
    [InlineData("Afterimage.Monitoring")]
    [InlineData("Afterimage.Monitoring.ClickHouse")]
    [InlineData("Afterimage.Monitoring.Extensions.AI")]
    [InlineData("Afterimage.Monitoring.Extensions.Alerts")]
    [InlineData("Afterimage.Monitoring.Extensions.Hosting")]
    [InlineData("Afterimage.Monitoring.Reporting")]
    [InlineData("Afterimage.Monitoring.Server")]
    public void A_library_comes_with_documentation_readme_icon_licence_and_symbols(string id)
    {
        using ZipArchive package = Open(id, ".nupkg");
        string[] files = [.. package.Entries.Select(e => e.FullName)];
        Assert.Contains($"lib/net10.0/{id}.dll", files);
        Assert.Contains($"lib/net10.0/{id}.xml", files);
        Assert.Contains("README.md", files);
        Assert.Contains("icon.png", files);

        XElement metadata = Metadata(package, id);
        Assert.Equal("README.md", Value(metadata, "readme"));
        Assert.Equal("icon.png", Value(metadata, "icon"));
        Assert.Equal("MIT", Value(metadata, "license"));
        Assert.NotEmpty(Value(metadata, "description"));

        using ZipArchive symbols = Open(id, ".snupkg");
        Assert.True(HoldsSources(symbols.GetEntry($"lib/net10.0/{id}.pdb")!));
    }

    [Fact]
    public void The_core_depends_on_abstractions_only()
    {
        using ZipArchive package = Open("Afterimage.Monitoring", ".nupkg");

        IEnumerable<string> dependencies = Metadata(package, "Afterimage.Monitoring")
            .Descendants()
            .Where(e => e.Name.LocalName == "dependency")
            .Select(e => e.Attribute("id")!.Value);

        Assert.Equal(
            [
                "Microsoft.Extensions.Configuration.Abstractions",
                "Microsoft.Extensions.Diagnostics.Abstractions",
                "Microsoft.Extensions.Logging.Abstractions",
            ],
            dependencies.Order());
    }

    [Theory]
    [InlineData("Afterimage.Monitoring.Extensions.AI")]
    [InlineData("Afterimage.Monitoring.Extensions.Alerts")]
    [InlineData("Afterimage.Monitoring.Extensions.Hosting")]
    [InlineData("Afterimage.Monitoring.Reporting")]
    public void A_library_requires_the_exact_version_of_the_core(string id)
    {
        using ZipArchive package = Open(id, ".nupkg");
        XElement metadata = Metadata(package, id);

        XElement core = metadata
            .Descendants()
            .Single(e => e.Name.LocalName == "dependency" && e.Attribute("id")?.Value == "Afterimage.Monitoring");

        Assert.Equal($"[{Value(metadata, "version")}]", core.Attribute("version")?.Value);
    }

    [Fact]
    public async Task The_tool_installs_from_a_folder_and_runs()
    {
        using var directory = new TemporaryDirectory();
        string config = directory.Write(
            "nuget.config",
            "<configuration><packageSources><clear/>",
            $"""<add key="packed" value="{packed.Directory}" />""",
            "</packageSources></configuration>");

        await PackedRepository.RunAsync(
            "dotnet",
            "tool",
            "install",
            "Afterimage.Cli",
            "--tool-path",
            directory.Path,
            "--configfile",
            config);
        string tool = Path.Combine(directory.Path, "afterimage");
        string help = await PackedRepository.RunAsync(tool, "--help");
        Assert.Contains("summary", help, StringComparison.Ordinal);

        // With DuckDB and Skia, which are libraries of the platform.
        string run = Path.Combine(directory.Path, "run");
        await PackedRepository.RunAsync(tool, "demo", "--generations", "10", "--log-dir", run);
        string figure = Path.Combine(directory.Path, "generation_time.png");
        await PackedRepository.RunAsync(tool, "plot", run, "generation_time", "--out", figure);
        Assert.True(new FileInfo(figure).Length > 0);
    }

    [Theory]
    [InlineData("linux-x64", "libHarfBuzzSharp.so", "libSkiaSharp.so", "libduckdb.so")]
    [InlineData("linux-arm64", "libHarfBuzzSharp.so", "libSkiaSharp.so", "libduckdb.so")]
    [InlineData("osx-x64", "libHarfBuzzSharp.dylib", "libSkiaSharp.dylib", "libduckdb.dylib")]
    [InlineData("osx-arm64", "libHarfBuzzSharp.dylib", "libSkiaSharp.dylib", "libduckdb.dylib")]
    [InlineData("win-x64", "duckdb.dll", "libHarfBuzzSharp.dll", "libSkiaSharp.dll")]
    [InlineData("win-arm64", "duckdb.dll", "libHarfBuzzSharp.dll", "libSkiaSharp.dll")]
    public void The_tool_brings_one_platforms_libraries_and_its_own_symbols(string platform, params string[] libraries)
    {
        using ZipArchive package = Open($"Afterimage.Cli.{platform}", ".nupkg");
        using ZipArchive symbols = Open($"Afterimage.Cli.{platform}", ".snupkg");

        string[] native =
        [
            .. package.Entries.Select(e => e.Name).Where(name => libraries.Contains(name) || Path.GetExtension(name) is ".so" or ".dylib"),
        ];
        string[] debugging =
        [
            .. package
                .Entries.Concat(symbols.Entries)
                .Select(e => e.Name)
                .Where(name => name.EndsWith(".pdb", StringComparison.Ordinal))
                .Distinct(),
        ];

        Assert.Equal(libraries, native.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(package.Entries, e => e.FullName.Contains("/runtimes/", StringComparison.Ordinal));
        Assert.NotEmpty(debugging);
        Assert.All(debugging, name => Assert.StartsWith("afterimage", name, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void The_tools_package_points_to_those_of_the_platforms_and_holds_nothing_else()
    {
        using ZipArchive package = Open("Afterimage.Cli", ".nupkg");

        Assert.Equal(
            ["DotnetToolSettings.xml"],
            package.Entries.Where(e => e.FullName.StartsWith("tools/", StringComparison.Ordinal)).Select(e => e.Name));
    }

    [Fact]
    public async Task The_library_works_when_it_is_compiled_ahead_of_time()
    {
        string? compiler = Linker.Find();
        if (compiler is null && Environment.GetEnvironmentVariable("AFTERIMAGE_REQUIRE_SERVICES") != "1")
            Assert.Skip("Ahead-of-time compilation needs clang or gcc to link.");
        Assert.NotNull(compiler);
        using var directory = new TemporaryDirectory();

        // Warnings of trimming and compilation are errors here, as all are.
        await PackedRepository.RunAsync(
            "dotnet",
            "publish",
            "tests/Afterimage.AotProgram",
            "--no-restore",
            "--configuration",
            PackedRepository.Configuration,
            "--output",
            directory.Path,
            $"-p:CppCompilerAndLinker={compiler}");
        string said = await PackedRepository.RunAsync(
            Path.Combine(directory.Path, "Afterimage.AotProgram"),
            Path.Combine(directory.Path, "run"));

        Assert.Equal("recorded 5, written 5, failed 0, p50 some, undelivered 4", said.Trim());
    }

    /// <summary>Whether a debugger finds the code in the symbols, wherever the repository is.</summary>
    private static bool HoldsSources(ZipArchiveEntry entry)
    {
        // https://github.com/dotnet/runtime/blob/main/docs/design/specs/PortablePdb-Metadata.md: the kind "embedded source".
        var embeddedSource = new Guid("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
        using var pdb = new MemoryStream();
        using (Stream stream = entry.Open())
            stream.CopyTo(pdb);
        pdb.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(pdb);
        MetadataReader reader = provider.GetMetadataReader();
        int sources = reader.CustomDebugInformation.Count(handle =>
            reader.GetGuid(reader.GetCustomDebugInformation(handle).Kind) == embeddedSource);
        return sources > 0 && sources == reader.Documents.Count;
    }

    private static XElement Metadata(ZipArchive package, string id)
    {
        using Stream stream = package.GetEntry(id + ".nuspec")!.Open();
        return XDocument.Load(stream).Root!.Elements().Single();
    }

    private static string Value(XElement metadata, string name) => metadata.Elements().Single(e => e.Name.LocalName == name).Value;

    private ZipArchive Open(string id, string extension) =>
        ZipFile.OpenRead(
            Directory
                .GetFiles(packed.Directory, $"{id}.*{extension}")
                .Single(file => char.IsAsciiDigit(Path.GetFileName(file)[id.Length + 1])));
}
