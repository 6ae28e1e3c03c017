using System.Diagnostics;
using System.Text.Json;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Programs that did not write the files and read them back. A test whose program is missing skips, save in CI, which installs
/// them.</summary>
internal static class OtherPrograms
{
    private const string Python = "/usr/bin/python3";

    /// <summary>Runs Debian's Python with a script that prints one JSON value.</summary>
    public static async Task<JsonElement> PythonAsync(string script, string? module, params string[] arguments)
    {
        Need.That(File.Exists(Python), "There is no /usr/bin/python3.");
        if (module is not null)
            Need.That(
                (await RunAsync(Python, "-c", "import " + module)).ExitCode == 0,
                $"Python has no {module} (Debian: python3-{module}).");

        (int exitCode, string output, string error) = await RunAsync(Python, ["-c", script, .. arguments]);
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    /// <summary>Has LibreOffice read a workbook and write its first sheet as CSV.</summary>
    public static async Task<string> LibreOfficeCsvAsync(string workbook)
    {
        const string Program = "/usr/bin/soffice";
        Need.That(File.Exists(Program), "There is no LibreOffice (Debian: libreoffice-calc-nogui).");
        string directory = Path.GetDirectoryName(workbook)!;
        (int exitCode, _, string error) = await RunAsync(
            Program,
            "--headless",
            $"-env:UserInstallation=file://{directory}/profile",
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1",
            "--outdir",
            directory,
            workbook);
        Assert.True(exitCode == 0, error);
        return await File.ReadAllTextAsync(Path.ChangeExtension(workbook, ".csv"), TestContext.Current.CancellationToken);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, params IEnumerable<string> arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
