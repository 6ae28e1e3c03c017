using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage ship</c>: ships the runs below a directory to a cluster.</summary>
internal static class ShipCommand
{
    public const string Name = "ship";

    public static readonly CommandHelp Help = new(
        """
        Ships every line of the records, alerts and logs below ROOT to a ClickHouse
        cluster exactly once, and continues with new lines until it is stopped. It can
        be stopped or killed at any time: the next shipper continues from there. It can
        run beside any number of writers and other shippers. It keeps its progress in
        .shipping in the directory of each run. From then on, files that are not shipped
        are neither compacted nor deleted by the size limit of a monitor. With --once,
        it exits when the lines present at its start are shipped. Create the tables of
        the cluster first, with afterimage fleet init.
        """,
        [
            "afterimage ship .afterimage-monitoring --url http://node1:8123",
            "afterimage ship /var/log/runs --url https://node1:8443 --user shipper --password-file key --service checkout",
            "afterimage ship runs --once --url http://node1:8123 --url http://node2:8123 --json",
        ]);

    private const int MaxSeconds = 3600;

    private static readonly TimeSpan SayInterval = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var root = new Argument<string>("ROOT")
        {
            Description = "Ship the runs below this directory.",
            DefaultValueFactory = _ => RunNames.Root,
        };
        var connection = new FleetConnection();
        var once = new Option<bool>("--once") { Description = "Exit when all lines present at the start are shipped." };
        var delay = new Option<int>("--delay")
        {
            Description = "Hold lines of a live run back for at most S seconds, to send them together.",
            HelpName = "S",
            DefaultValueFactory = _ => (int)new ShippingOptions().MaxDelay.TotalSeconds,
            CustomParser = result => WholeNumber.Parse(result, "--delay", 1, MaxSeconds),
        };
        var service = new Option<string?>("--service")
        {
            Description = "Ship the runs under this service name. [default: the process name of each run]",
            HelpName = "NAME",
        };
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Ship runs to a ClickHouse cluster, each line exactly once.") { root, once, delay, service, json };
        connection.AddTo(command);
        command.SetAction((parsed, cancellationToken) => connection.UseAsync(
            parsed,
            fleet => RunAsync(
                fleet,
                parsed.GetRequiredValue(root),
                new ShippingOptions
                {
                    Once = parsed.GetValue(once),
                    MaxDelay = TimeSpan.FromSeconds(parsed.GetValue(delay)),
                    Service = parsed.GetValue(service),
                },
                parsed.GetValue(json),
                cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(
        Fleet fleet,
        string root,
        ShippingOptions options,
        bool json,
        CancellationToken cancellationToken)
    {
        var progress = new Progress();
        try
        {
            await fleet.ShipAsync(root, options, progress, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Being stopped is the normal end.
        }
        catch (FleetException exception)
        {
            await Console.Error.WriteLineAsync($"afterimage: {exception.Message}");
            Write(progress.Last, json);
            return ExitCodes.NotWritten;
        }

        Write(progress.Last, json);
        return ExitCodes.Success;
    }

    private static void Write(ShippingStatus status, bool json)
    {
        if (!json)
        {
            Console.WriteLine(
                $"{Format.Count(status.ShippedLines)} lines of {Format.Count(status.Runs)} runs shipped"
                + (status.FoundLines > 0 ? $", {Format.Count(status.FoundLines)} found in the cluster" : "")
                + (status.LagLines > 0 ? $", about {Format.Count(status.LagLines)} to go" : ""));
            return;
        }

        JsonOutput.Write(writer =>
        {
            writer.WriteNumber("runs", status.Runs);
            writer.WriteNumber("runs_of_others", status.RunsOfOthers);
            writer.WriteNumber("shipped_lines", status.ShippedLines);
            writer.WriteNumber("found_lines", status.FoundLines);
            writer.WriteNumber("lag_lines", status.LagLines);
            if (status.Lag is { } lag)
                writer.WriteNumber("lag_seconds", lag.TotalSeconds);
            writer.WriteNumber("failures", status.Failures);
            if (status.LastFailure is { } failure)
                writer.WriteString("last_failure", failure);
            writer.WriteBoolean("complete", status.IsComplete);
        });
    }

    /// <summary>Reports the status on standard error from time to time, and each failure once.</summary>
    private sealed class Progress : IProgress<ShippingStatus>
    {
        private long _said = TimeProvider.System.GetTimestamp();
        private string? _failure;
        private long _lines;

        public ShippingStatus Last { get; private set; } = new();

        public void Report(ShippingStatus value)
        {
            Last = value;
            if (value.LastFailure != _failure)
            {
                _failure = value.LastFailure;
                Console.Error.WriteLine(_failure is null ? "afterimage: shipping continues" : $"afterimage: {_failure}");
            }

            if (TimeProvider.System.GetElapsedTime(_said) < SayInterval || value.ShippedLines == _lines)
                return;
            _said = TimeProvider.System.GetTimestamp();
            _lines = value.ShippedLines;
            Console.Error.WriteLine(
                $"afterimage: {Format.Count(value.ShippedLines)} lines shipped, about {Format.Count(value.LagLines)} to go"
                + (value.Lag is { } lag ? $", the oldest for {Format.Duration(lag)}" : ""));
        }
    }
}
