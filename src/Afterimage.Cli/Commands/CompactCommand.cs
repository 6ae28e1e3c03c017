using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage compact</c>: converts the finished files of a log directory to Parquet.</summary>
internal static class CompactCommand
{
    public const string Name = "compact";

    public static readonly CommandHelp Help = new(
        """
        Converts finished files metrics*.jsonl in LOG_DIR and below it to Parquet, which
        is 5 to 15 times smaller. All commands read it faster, and show the same
        figures to the last digit. A run may continue meanwhile: the file that it is
        writing is left for the next compaction. No data is lost: lines that are not
        valid records are kept and still counted. The next compaction continues an
        interrupted one.
        """,
        [
            "afterimage compact .afterimage-monitoring",
            "afterimage compact runs/today --json | jq .bytes_after",
        ]);

    public static Command Create()
    {
        var input = new LogInput();
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Convert the finished files of log directories to Parquet, which is smaller and faster to read.")
        {
            json,
        };
        input.AddTo(command, hasSpan: false);
        command.SetAction((parsed, cancellationToken) => input.UseAsync(
            parsed,
            parsed.GetValue(input.Directories) ?? [],
            log => RunAsync(log, parsed.GetValue(json), cancellationToken),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(LogDirectory log, bool json, CancellationToken cancellationToken)
    {
        CompactionResult result = await WorkProgress.ShowAsync(
            "compacting",
            json,
            progress => log.CompactAsync(progress, cancellationToken));
        if (json)
            WriteJson(log, result);
        else
            await SayAsync(result);
        return ExitCodes.Success;
    }

    private static async Task SayAsync(CompactionResult result)
    {
        if (result.Files.Count == 0)
            await Console.Out.WriteLineAsync("nothing to compact");
        else
            await Console.Out.WriteLineAsync(
                $"{Files(result.CompactedFiles)}, {Bytes(result.BytesBefore)}, "
                + $"became {Files(result.Files.Count)}, {Bytes(result.BytesAfter)}: {Format.Count(result.Records)} records"
            );
        foreach (string file in result.Files)
            await Console.Out.WriteLineAsync(Format.ShortPath(file));
        if (result.SkippedLines > 0)
            await Console.Error.WriteLineAsync(
                $"afterimage: {Format.Count(result.SkippedLines)} lines are not valid records; they are kept.");
        if (result.OpenFiles > 0)
            await Console.Error.WriteLineAsync($"afterimage: {Files(result.OpenFiles)} left unchanged: still being written.");
        if (result.UnshippedFiles > 0)
            await Console.Error.WriteLineAsync($"afterimage: {Files(result.UnshippedFiles)} left unchanged: not shipped yet.");
        if (result.OtherFiles > 0)
            await Console.Error.WriteLineAsync($"afterimage: {Files(result.OtherFiles)} left unchanged: not written by this library.");
    }

    private static void WriteJson(LogDirectory log, CompactionResult result) => JsonOutput.Write(writer =>
    {
        writer.WriteStartArray("files");
        foreach (string file in result.Files)
            writer.WriteStringValue(file);
        writer.WriteEndArray();
        writer.WriteNumber("compacted_files", result.CompactedFiles);
        writer.WriteNumber("records", result.Records);
        writer.WriteNumber("skipped_lines", result.SkippedLines);
        writer.WriteNumber("bytes_before", result.BytesBefore);
        writer.WriteNumber("bytes_after", result.BytesAfter);
        writer.WriteNumber("open_files", result.OpenFiles);
        writer.WriteNumber("unshipped_files", result.UnshippedFiles);
        writer.WriteNumber("other_files", result.OtherFiles);
        writer.WriteString("log_dir", log.Path);
    });

    private static string Files(int count) => count == 1 ? "1 file" : $"{Format.Count(count)} files";

    private static string Bytes(long bytes) => bytes switch
    {
        >= 1 << 20 => $"{Format.Value(bytes / 1048576.0)} MiB",
        >= 1 << 10 => $"{Format.Value(bytes / 1024.0)} KiB",
        _ => $"{bytes} bytes",
    };
}
