using System.CommandLine;
using System.CommandLine.Parsing;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage import</c>: creates a log directory from the output of the Python module.</summary>
internal static class ImportCommand
{
    public const string Name = "import";

    public static readonly CommandHelp Help = new(
        """
        Each line of the Python module's metrics.jsonl is a metric point. The command
        keeps it with its time and all its metadata. Python's times are local and do not
        name their zone: give the zone of the machine that wrote them. If the clock was
        put back and a time occurs twice, the order of the lines decides. The command
        skips and counts lines that are not metric points, and refuses a file without
        any. The directory appears when it is complete, and all commands work on it.
        """,
        [
            "afterimage import monitoring/metrics.jsonl --log-dir runs/python",
            "afterimage import metrics.jsonl --log-dir runs/berlin --time-zone Europe/Berlin\nafterimage summary runs/berlin",
        ]);

    public static Command Create()
    {
        var file = new Argument<string>("FILE.jsonl") { Description = "Read this metrics.jsonl of Python's afterimage.monitoring." };
        var directory = new Option<string>("--log-dir") { Description = "Create this log directory.", HelpName = "DIR", Required = true };
        var zone = new Option<TimeZoneInfo?>("--time-zone")
        {
            Description = "Read the times of the file in this zone, such as Europe/Berlin or UTC. [default: the zone of this machine]",
            HelpName = "ZONE",
            CustomParser = ParseZone,
        };
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Create a log directory from a metrics.jsonl that the Python module wrote.")
        {
            file,
            directory,
            zone,
            json,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed.GetRequiredValue(file),
                    parsed.GetRequiredValue(directory),
                    parsed.GetValue(zone),
                    parsed.GetValue(json),
                    cancellationToken));
        return command;
    }

    private static TimeZoneInfo? ParseZone(ArgumentResult result)
    {
        string name = result.Tokens[0].Value;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone))
            return zone;
        result.AddError(
            $"--time-zone must be a time zone of this machine, such as Europe/Berlin or UTC, not '{Format.Name(name, 40)}'.");
        return null;
    }

    private static async Task<int> RunAsync(
        string file,
        string directory,
        TimeZoneInfo? zone,
        bool json,
        CancellationToken cancellationToken)
    {
        ImportResult result;
        try
        {
            result = await WorkProgress.ShowAsync(
                "importing",
                json,
                progress => LogDirectory.ImportMetricsAsync(file, directory, zone, progress, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException(Format.Name(exception.Message, 1000), exception);
        }

        if (json)
            WriteJson(result);
        else
            await WriteTextAsync(result, isGiven: zone is not null);
        if (result.SkippedLines > 0)
            await Console.Error.WriteLineAsync(
                $"afterimage: {LogInput.Skipped(result.SkippedLines)}: not metric points (first: {result.FirstSkipped}).");
        return ExitCodes.Success;
    }

    private static void WriteJson(ImportResult result) => JsonOutput.Write(writer =>
    {
        writer.WriteString("log_dir", result.LogDirectory.Path);
        writer.WriteString("time_zone", result.TimeZone.Id);
        writer.WriteNumber("points", result.Points);
        writer.WriteNumber("skipped_lines", result.SkippedLines);
        writer.WriteString("first_skipped", result.FirstSkipped);
        writer.WriteNumber("ambiguous_times", result.AmbiguousTimes);
        writer.WriteNumber("invalid_times", result.InvalidTimes);
    });

    private static async Task WriteTextAsync(ImportResult result, bool isGiven)
    {
        TextWriter output = Console.Out;
        await output.WriteLineAsync(
            $"{Format.Count(result.Points)} points in {Format.Name(Format.ShortPath(result.LogDirectory.Path), 400)}");
        await output.WriteLineAsync(
            $"times read as {result.TimeZone.Id}{(isGiven ? "" : ", this machine's zone (to change it, use --time-zone)")}");
        if (result.AmbiguousTimes > 0)
            await output.WriteLineAsync(
                $"{Format.Count(result.AmbiguousTimes)} times occur twice, because the clock was put back; line order decided"
            );
        if (result.InvalidTimes > 0)
            await output.WriteLineAsync(
                $"{Format.Count(result.InvalidTimes)} times do not exist, because the clock was put forward; check the time zone");
    }
}
