using Afterimage.Monitoring.ClickHouse.Shipping;

namespace Afterimage.ShipProgram;

/// <summary>Plans the units of one run, without a cluster to send them to.</summary>
internal static class Planning
{
    public static void Run(string directory)
    {
        RunShipper? run = null;
        var rows = new UnitRows();
        while (Console.In.ReadLine() is not null)
        {
            try
            {
                Console.Out.Write(Plan(directory, ref run, rows) + "\n");
            }
            catch (IOException e)
            {
                Console.Out.Write($"failed {e.Message}\n");
            }
        }

        run?.Dispose();
    }

    private static string Plan(string directory, ref RunShipper? run, UnitRows rows)
    {
        if (run is null)
        {
            RunShipper opened = RunShipper.TryOpen(directory, "fleet", TimeProvider.System)!;
            try
            {
                if (opened.IsNew)
                    opened.Begin("run", isRecovered: false);
            }
            catch
            {
                opened.Dispose();
                throw;
            }

            run = opened;
            return "opened";
        }

        run.LookAt(RunListing.Of(directory).Single(), limits: null);
        return run.PlanNext(rows, "shard", version: 1, TimeSpan.Zero, isLast: true) is { } unit
            ? $"{unit.Name} {unit.First} {unit.Lines}"
            : "none";
    }
}
