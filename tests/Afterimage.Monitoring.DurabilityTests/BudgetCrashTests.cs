using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Processes that are killed while they spend a budget, and what the next one takes for spent.</summary>
public sealed class BudgetCrashTests
{
    private const int Kills = 10;

    /// <summary>Each run goes on where the killed one before it was: with every record that is whole on disk, those acknowledged by a flush
    /// among them, and no other, once.</summary>
    [Fact]
    public async Task A_budget_goes_on_from_what_a_killed_process_has_left_nothing_twice()
    {
        using var directory = new TemporaryDirectory();
        string log = Path.Combine(directory.Path, "log");
        var random = new Random();
        string[] settings = ["MaxFileSize=20000", $"BudgetFrom={log}"];
        long acknowledged = 0;
        for (int run = 0; run < Kills; run++)
        {
            acknowledged += await RecordAndKillAsync(log, run, random, settings);
            (decimal tokens, decimal calls) = OnDisk(log);
            using Child child = Child.Start(["serve", log, .. settings]);
            await child.ReadLineAsync();
            Assert.Equal($"{tokens} {calls}", await child.AskAsync("budgets"));
            Assert.True(calls >= acknowledged, $"{acknowledged} calls acknowledged, {calls} counted.");

            // Its own calls count once, before and after they are on disk; then it is killed too.
            await child.AskAsync("record m 4");
            Assert.Equal($"{tokens + 10} {calls + 4}", await child.AskAsync("budgets"));
            await child.AskAsync("flush");
            Assert.Equal($"{tokens + 10} {calls + 4}", await child.AskAsync("budgets"));
            await child.KillAsync();
            acknowledged += 4;
        }
    }

    /// <returns>How many generations the process was promised.</returns>
    private static async Task<long> RecordAndKillAsync(string log, int run, Random random, string[] settings)
    {
        using Child child = Child.Start([
            "record",
            log,
            run.ToString(CultureInfo.InvariantCulture),
            $"{random.Next()}",
            "true",
            .. settings,
        ]);
        long acknowledged = Calls(await child.ReadLineAsync()) ?? 0;
        await Task.Delay(random.Next(5, 100), Limits.Token);
        await child.KillAsync();
        while (await child.ReadLineAsync() is { } line)
            acknowledged = Calls(line) ?? acknowledged;
        return acknowledged;

        // The first number is that of log entries. Null for a line that the kill cut off.
        static long? Calls(string? line) =>
            line?.Split(' ') is ["flushed", _, .. string[] numbers, ";"]
                ? numbers.Sum(n => long.Parse(n, CultureInfo.InvariantCulture))
                : null;
    }

    private static (decimal Tokens, decimal Calls) OnDisk(string log)
    {
        long[] tokens =
        [
            .. LogFiles.Metrics(log).SelectMany(LogFiles.Lines).Select(LogFiles.Parse).OfType<JsonElement>()
                .Where(r => r.GetProperty("event").GetString() == "generation")
                .Select(r => r.GetProperty("prompt_token_count").GetInt64()),
        ];
        return (tokens.Sum(t => (decimal)t), tokens.Length);
    }
}
