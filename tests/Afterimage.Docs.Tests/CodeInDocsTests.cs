using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Afterimage.Docs.Tests;

/// <summary>
/// Every C# block of README.md and docs/ compiles, as a program of its own with the usings that a project gives. What a block takes from
/// its surroundings is said in a comment before it, which readers do not see: <c>&lt;!-- given: var monitor = new GenerationMonitor();
/// --&gt;</c>.
/// </summary>
public sealed partial class CodeInDocsTests
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Afterimage.Monitoring;
        global using Microsoft.Extensions.AI;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;

        """;

    private static readonly string Root = typeof(CodeInDocsTests)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "Repository")
        .Value!;

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static TheoryData<string> Documents() =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Root, "docs"), "*.md")
                .Prepend(Path.Combine(Root, "README.md"))
                .Select(path => Path.GetRelativePath(Root, path)),
        ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Code_compiles(string document)
    {
        string text = File.ReadAllText(Path.Combine(Root, document));

        Assert.All(CodeBlock().Matches(text), block => Assert.Empty(Errors(block.Groups["given"].Value, block.Groups["code"].Value)));
    }

    [Fact]
    public void Code_that_does_not_compile_is_found() => Assert.NotEmpty(Errors("", "monitor.NoSuchMethod();"));

    [Fact]
    public void The_page_on_testing_shows_the_tests_that_run_here()
    {
        string page = File.ReadAllText(Path.Combine(Root, "docs", "testing.md"));
        string file = File.ReadAllText(Path.Combine(Root, "tests", "Afterimage.Docs.Tests", "SummarizerTests.cs"));

        string[] types = file
            .Split("/// <summary>A class that uses a monitor.</summary>\n")[1]
            .Split("/// <summary>Its tests.</summary>\n");
        Assert.All(types, type => Assert.Contains(type.Trim(), page, StringComparison.Ordinal));
    }

    [GeneratedRegex("(?:<!-- given: (?<given>.*?) -->\\n)?```csharp\\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("^using [A-Za-z.]+;$", RegexOptions.Multiline)]
    private static partial Regex UsingDirective();

    private static IEnumerable<string> Errors(string given, string code)
    {
        // A block of types only is a program too, with a statement before it.
        IEnumerable<string> usings = UsingDirective().Matches(code).Select(m => m.Value);
        string program = $"{Usings}{string.Join('\n', usings)}\nGC.KeepAlive(null);\n{given}\n{UsingDirective().Replace(code, "")}";
        var compilation = CSharpCompilation.Create(
            "docs",
            [CSharpSyntaxTree.ParseText(program, new CSharpParseOptions(LanguageVersion.Latest))],
            References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        return compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString());
    }
}
