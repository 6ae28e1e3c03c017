using System.CommandLine;
using System.Globalization;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage fleet</c>: manages the runs of many machines in a cluster.</summary>
internal static class FleetCommand
{
    public const string Name = "fleet";

    public static readonly CommandHelp Help = new(
        """
        Creates the tables of a fleet in a ClickHouse cluster, answers questions about
        the runs in it, and compares its lines with log directories. To ship runs to the
        cluster, use afterimage ship.
        """,
        [
            "afterimage fleet init --url http://node1:8123",
            "afterimage fleet summary --url http://node1:8123 --since 1h",
            "afterimage fleet audit runs --url http://node1:8123",
        ]);

    public static readonly CommandHelp InitHelp = new(
        """
        Creates the database and its tables on every node, or upgrades tables of an
        earlier version. Shippers pause during an upgrade, and resume by themselves.
        With --print, the command changes nothing. It prints the statements for a new
        fleet, and to standard error the profile of a read-only user, for users.xml.
        """,
        [
            "afterimage fleet init --url http://node1:8123 --cluster fleet",
            "afterimage fleet init --url http://node1:8123 --print > fleet.sql 2> reader.xml",
        ]);

    public static readonly CommandHelp AuditHelp = new(
        """
        Compares every line of the runs below ROOT with the cluster. Reports lines that
        are missing, occur twice or differ; then the exit code is 1. Lines that are not
        shipped yet count as missing.
        """,
        [
            "afterimage fleet audit .afterimage-monitoring --url http://node1:8123",
            "afterimage fleet audit runs --url http://node1:8123 --json | jq .missing",
        ]);

    public static readonly CommandHelp RemoveHelp = new(
        """
        Removes the lines of all months that ended before T, by UTC, from the cluster.
        Log directories stay as they are. Afterwards, fleet audit no longer misses these
        lines. To keep 90 days, run the command once a day with --before 90d.
        """,
        [
            "afterimage fleet remove --before 90d --url http://node1:8123",
            "afterimage fleet remove --before 2026-01-01 --url http://node1:8123",
        ]);

    private const int MaxFiles = 20;

    public static Command Create()
    {
        var command = new Command(Name, "Set up, query and check the ClickHouse cluster that runs are shipped to.") { CreateInit() };
        foreach (Command question in FleetQuestions.Create())
            command.Add(question);
        command.Add(CreateAudit());
        command.Add(CreateRemove());
        return command;
    }

    private static Command CreateInit()
    {
        var connection = new FleetConnection();
        var print = new Option<bool>("--print") { Description = "Print the SQL statements instead of running them." };
        Option<bool> json = CommonOptions.Json();
        var command = new Command("init", "Create or upgrade the tables of a fleet.") { print, json };
        connection.AddTo(command);
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(print)
            ? LogInput.GuardAsync(() => PrintAsync(connection.Options(parsed)))
            : connection.UseAsync(parsed, fleet => InitAsync(fleet, parsed.GetValue(json), cancellationToken)));
        return command;
    }

    private static Command CreateAudit()
    {
        var root = new Argument<string>("ROOT")
        {
            Description = "Read the runs below this directory.",
            DefaultValueFactory = _ => RunNames.Root,
        };
        var connection = new FleetConnection();
        Option<bool> json = CommonOptions.Json();
        var command = new Command("audit", "Compare log directories with the cluster, line by line.") { root, json };
        connection.AddTo(command);
        command.SetAction((parsed, cancellationToken) => connection.UseAsync(
            parsed,
            fleet => AuditAsync(fleet, parsed.GetRequiredValue(root), parsed.GetValue(json), cancellationToken)));
        return command;
    }

    private static Command CreateRemove()
    {
        Option<DateTimeOffset?> before = TimeRangeOptions.Time("--before", "Remove the months that ended before T");
        before.Required = true;
        var connection = new FleetConnection();
        Option<bool> json = CommonOptions.Json();
        var command = new Command("remove", "Remove old months from the cluster.") { before, json };
        connection.AddTo(command);
        command.SetAction((parsed, cancellationToken) => connection.UseAsync(
            parsed,
            fleet => RemoveAsync(fleet, parsed.GetValue(before)!.Value, parsed.GetValue(json), cancellationToken)));
        return command;
    }

    private static async Task<int> RemoveAsync(Fleet fleet, DateTimeOffset before, bool json, CancellationToken cancellationToken)
    {
        if (before > DateTimeOffset.UtcNow)
            throw new InputException("--before must not be in the future.");

        FleetRemoval removal = await fleet.RemoveBeforeAsync(before, cancellationToken);
        if (json)
        {
            JsonOutput.Write(writer =>
            {
                writer.WriteString("kept_from", removal.KeptFrom.ToString("O", CultureInfo.InvariantCulture));
                writer.WriteNumber("lines", removal.Lines);
            });
            return ExitCodes.Success;
        }

        await Console.Out.WriteLineAsync(
            string.Create(CultureInfo.InvariantCulture, $"removed {Format.Count(removal.Lines)} lines from before {removal.KeptFrom:O}"));
        return ExitCodes.Success;
    }

    private static async Task<int> PrintAsync(FleetOptions options)
    {
        await Console.Out.WriteAsync(Fleet.SchemaScript(options));
        await Console.Error.WriteAsync(Fleet.ReaderProfile(options));
        return ExitCodes.Success;
    }

    private static async Task<int> InitAsync(Fleet fleet, bool json, CancellationToken cancellationToken)
    {
        FleetInitialization done = await fleet.InitializeAsync(cancellationToken);
        if (json)
        {
            JsonOutput.Write(writer =>
            {
                writer.WriteString("fleet", done.FleetId);
                writer.WriteNumber("version", done.Version);
                writer.WriteBoolean("is_new", done.IsNew);
                writer.WriteStartArray("added_columns");
                foreach (string column in done.AddedColumns)
                    writer.WriteStringValue(column);
                writer.WriteEndArray();
            });
            return ExitCodes.Success;
        }

        await Console.Out.WriteLineAsync(
            done.IsNew ? $"created the fleet {done.FleetId}"
            : done.AddedColumns.Count > 0 ? $"added {string.Join(", ", done.AddedColumns)}; the fleet now has version {done.Version}"
            : "nothing to do");
        return ExitCodes.Success;
    }

    private static async Task<int> AuditAsync(Fleet fleet, string root, bool json, CancellationToken cancellationToken)
    {
        FleetAudit audit = await Views.WorkProgress.ShowAsync(
            "auditing",
            json,
            progress => fleet.AuditAsync(root, progress, cancellationToken));
        if (json)
            WriteJson(audit);
        else
            await SayAsync(audit);
        return audit.IsClean ? ExitCodes.Success : ExitCodes.NotWritten;
    }

    private static async Task SayAsync(FleetAudit audit)
    {
        await Console.Out.WriteLineAsync(
            $"{Format.Count(audit.Lines)} lines in {Format.Count(audit.Files)} files of {Format.Count(audit.Runs)} runs: "
            + (audit.IsClean
                ? audit.RemovedLines == 0
                    ? "each exists exactly once"
                    : $"each exists exactly once, except for {Format.Count(audit.RemovedLines)} that were removed for their age"
                : $"{Format.Count(audit.Missing)} missing, {Format.Count(audit.Twice)} twice, {Format.Count(audit.Differing)} differing"));
        if (audit.LinesOfOtherFiles > 0)
            await Console.Out.WriteLineAsync(
                $"{Format.Count(audit.LinesOfOtherFiles)} more lines in the cluster are of files that were deleted or replaced here");
        foreach (FleetAuditFile file in audit.FilesWithFaults.Take(MaxFiles))
            await Console.Out.WriteLineAsync(
                $"{Format.ShortPath(file.Path)}: {Format.Count(file.Missing)} missing, {Format.Count(file.Twice)} twice, "
                + $"{Format.Count(file.Differing)} differing, from line {Format.Count(file.FirstLine)} on");
        if (audit.FilesWithFaults.Count > MaxFiles)
            await Console.Out.WriteLineAsync($"and {Format.Count(audit.FilesWithFaults.Count - MaxFiles)} more files");
    }

    private static void WriteJson(FleetAudit audit) => JsonOutput.Write(writer =>
    {
        writer.WriteNumber("runs", audit.Runs);
        writer.WriteNumber("files", audit.Files);
        writer.WriteNumber("lines", audit.Lines);
        writer.WriteNumber("skipped_lines", audit.SkippedLines);
        writer.WriteNumber("removed_lines", audit.RemovedLines);
        writer.WriteNumber("lines_of_other_files", audit.LinesOfOtherFiles);
        writer.WriteNumber("missing", audit.Missing);
        writer.WriteNumber("twice", audit.Twice);
        writer.WriteNumber("differing", audit.Differing);
        writer.WriteStartArray("files_with_faults");
        foreach (FleetAuditFile file in audit.FilesWithFaults)
        {
            writer.WriteStartObject();
            writer.WriteString("path", file.Path);
            writer.WriteString("run", file.Run);
            writer.WriteString("file", file.File);
            writer.WriteNumber("lines", file.Lines);
            writer.WriteNumber("missing", file.Missing);
            writer.WriteNumber("twice", file.Twice);
            writer.WriteNumber("differing", file.Differing);
            writer.WriteNumber("first_line", file.FirstLine);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });
}
