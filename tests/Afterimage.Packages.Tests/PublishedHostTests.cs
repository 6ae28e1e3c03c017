using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;

namespace Afterimage.Packages.Tests;

/// <summary>A web service that takes its monitors from its appsettings.json, published as people publish such.</summary>
public sealed partial class PublishedHostTests
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(1);

    [Fact]
    public Task A_trimmed_service_finds_its_monitors_settings() =>
        RunAsync("-p:PublishAot=false", "-p:PublishTrimmed=true", "--self-contained");

    [Fact]
    public Task A_service_compiled_ahead_of_time_finds_its_monitors_settings()
    {
        string? compiler = Linker.Find();
        if (compiler is null && Environment.GetEnvironmentVariable("AFTERIMAGE_REQUIRE_SERVICES") != "1")
            Assert.Skip("Ahead-of-time compilation needs clang or gcc to link.");
        Assert.NotNull(compiler);
        return RunAsync($"-p:CppCompilerAndLinker={compiler}");
    }

    private static async Task RunAsync(params string[] options)
    {
        using var directory = new TemporaryDirectory();

        // Warnings of trimming are errors here, as all are.
        await PackedRepository.RunAsync(
            "dotnet",
            [
                "publish",
                "tests/Afterimage.HostProgram",
                "--no-restore",
                "--configuration",
                PackedRepository.Configuration,
                "--output",
                directory.Path,
                .. options,
            ]);

        var start = new ProcessStartInfo(Path.Combine(directory.Path, "Afterimage.HostProgram"), ["--urls", "http://127.0.0.1:0"])
        {
            WorkingDirectory = directory.Path,
            RedirectStandardOutput = true,
        };
        using Process host = Process.Start(start)!;
        try
        {
            using var client = new HttpClient { BaseAddress = await AddressAsync(host), Timeout = TimeLimit };
            CancellationToken cancellation = TestContext.Current.CancellationToken;
            Assert.Equal("Healthy", await client.GetStringAsync(new Uri("health", UriKind.Relative), cancellation));
            Assert.Equal("hello", await client.GetStringAsync(new Uri("ask/support?question=hello", UriKind.Relative), cancellation));
            using HttpResponseMessage failed = await client.GetAsync(new Uri("ask/support?question=fail", UriKind.Relative), cancellation);
            Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
            Assert.Equal("10", await client.GetStringAsync(new Uri("usage/support", UriKind.Relative), cancellation));
            Assert.Equal("0", await client.GetStringAsync(new Uri("usage/search", UriKind.Relative), cancellation));

            await PackedRepository.RunAsync("kill", "-TERM", host.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            await host.WaitForExitAsync(cancellation).WaitAsync(TimeLimit, cancellation);
        }
        finally
        {
            if (!host.HasExited)
                host.Kill(entireProcessTree: true);
        }

        string[] lines = File.ReadAllLines(Path.Combine(directory.Path, "runs", "support", "metrics.jsonl"));
        Assert.Equal(2, lines.Length);
        Assert.Contains("\"error.type\":\"", lines[1], StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(directory.Path, "runs", "search", "run.json")));
    }

    private static async Task<Uri> AddressAsync(Process host)
    {
        while (await host.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeLimit) is { } line)
        {
            if (Address().Match(line) is { Success: true } match)
            {
                // Nobody reads on: the service says little, and its pipe holds that.
                return new Uri(match.Value);
            }
        }

        throw new InvalidOperationException("The service ended without an address.");
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
