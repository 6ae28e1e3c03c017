using System.Globalization;
using System.Runtime.InteropServices;

namespace Afterimage.Benchmarks.Serving;

/// <summary>
/// What <c>afterimage serve</c> costs, beside Aspire's dashboard: <c>serving afterimage|aspire grpc|http SPANS</c>, <c>serving start
/// RUNS</c>, and <c>serving tail|pages PAGES RECORDS_A_MINUTE SECONDS</c>.
/// </summary>
/// <remarks><c>serving send</c> and <c>serving write</c> are the processes that make the load, which the others start.</remarks>
internal static class ServingCost
{
    public static int Run(string[] args)
    {
        // Whoever ends this early ends the servers too: what runs is cancelled, and disposes what it started.
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return RunAsync(args, stop.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 130;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        switch (args)
        {
            case ["afterimage", "grpc" or "http", string spans]:
                await IngestCost.OfAfterimageAsync(args[1], Number(spans), cancellationToken);
                return 0;
            case ["aspire", "grpc" or "http", string spans]:
                await IngestCost.OfAspireAsync(args[1], Number(spans), cancellationToken);
                return 0;
            case ["start", string runs]:
                await StartCost.RunAsync(Number(runs), cancellationToken);
                return 0;
            case ["tail" or "pages", string pages, string recordsAMinute, string seconds]:
                await FollowingCost.RunAsync(args[0], Number(pages), Number(recordsAMinute), Number(seconds), cancellationToken);
                return 0;
            case ["send", "grpc" or "http", string endpoint, string spans]:
                await Sender.RunAsync(args[1], endpoint, spans, cancellationToken);
                return 0;
            case ["write", string root, string runs, string recordsAMinute, string seconds]:
                await LiveRuns.RunAsync(root, runs, recordsAMinute, seconds, cancellationToken);
                return 0;
            default:
                Console.Error.WriteLine(
                    "serving afterimage grpc|http SPANS | aspire grpc|http SPANS | start RUNS "
                    + "| tail PAGES RECORDS_A_MINUTE SECONDS | pages PAGES RECORDS_A_MINUTE SECONDS");
                return 2;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
