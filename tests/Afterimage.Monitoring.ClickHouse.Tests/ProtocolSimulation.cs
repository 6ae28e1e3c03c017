using System.Collections;
using System.IO.Compression;
using System.Text;
using Afterimage.Monitoring.ClickHouse.Schema;
using Afterimage.Monitoring.ClickHouse.Shipping;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>The shipper's protocol against shards that are made up: every schedule of crashes, delays, repeats, reordering and forgetting
/// ends with each line there once.</summary>
public sealed class ProtocolSimulation
{
    // AFTERIMAGE_SIMULATION_STEPS=5000000 takes some minutes.
    private static readonly int Steps = EnvironmentNumber.Of("AFTERIMAGE_SIMULATION_STEPS", 60_000);

    [Fact]
    public async Task No_schedule_of_failures_loses_or_doubles_a_line()
    {
        int seed = EnvironmentNumber.Of("AFTERIMAGE_SEED", Random.Shared.Next());
        int done = 0;
        for (int world = 0; done < Steps; world++)
        {
            using var simulation = new World(unchecked(seed + world));
            done += await simulation.RunAsync();
            Assert.True(simulation.Fault is null, $"AFTERIMAGE_SEED={unchecked(seed + world)}: {simulation.Fault}");
        }
    }

    [Fact]
    public async Task Without_counting_what_servers_have_forgotten_is_doubled()
    {
        // The simulation would see it: the same schedules, and a shipper that believes that servers never forget.
        for (int seed = 1; seed <= 300; seed++)
        {
            using var simulation = new World(seed) { NeverCounts = true };
            await simulation.RunAsync();
            if (simulation.Fault is not null)
                return;
        }

        Assert.Fail("No schedule doubled a line.");
    }

    /// <summary>Some units, a shipper and two shards.</summary>
    private sealed class World : IShardClient, IDisposable
    {
        private const int Units = 12;
        private const int LinesOfUnit = 4;
        private const int Window = 30;

        private static readonly string[] Shards = ["1", "2"];

        private readonly Random _random;
        private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero));
        private readonly UnitSender _sender;
        private readonly UnitRows _rows = new();
        private readonly List<(ShipUnit Unit, Delivery Delivery)> _open = [];
        private readonly Dictionary<string, List<string>> _remembered = new(StringComparer.Ordinal) { ["1"] = [], ["2"] = [] };
        private readonly Dictionary<(string Shard, string File, uint Line), int> _there = [];
        private readonly List<(DateTimeOffset At, string Shard, string Block, uint[] Lines, string File, int Version)> _late = [];
        private bool _isCalm;
        private int _version = 1;
        private int _foreign;
        private ShipUnit _sending = null!;

        public World(int seed)
        {
            _random = new Random(seed);
            _sender = new UnitSender(this, _ => ValueTask.FromResult(_version), _time);
            for (int i = 0; i < Units; i++)
                _open.Add((UnitOf(i), Delivery.OfNew()));
        }

        public bool NeverCounts { get; init; }

        public string? Fault { get; private set; }

        /// <returns>How many steps it took.</returns>
        public async Task<int> RunAsync()
        {
            int step = 0;
            for (; _open.Count > 0 && Fault is null; step++)
            {
                // In the end everything works, for as long as it takes.
                _isCalm = step > 150;
                Advance();
                await StepAsync(_random.Next(_open.Count));
                if (step > 5000)
                    Fault = "It does not come to an end.";
            }

            Advance(Delivery.MaxLateness);
            for (int unit = 0; unit < Units && Fault is null; unit++)
            {
                for (uint line = 1; line <= LinesOfUnit; line++)
                {
                    int count = Shards.Sum(shard => _there.GetValueOrDefault((shard, UnitOf(unit).File, line)));
                    if (count != 1)
                        Fault = $"Line {line} of unit {unit} is there {count} times.";
                }
            }

            return step;
        }

        public int Replicas(string shard) => 2;

        public Task InsertAsync(string shard, int replica, LineTable table, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
        {
            uint[] lines = LinesOf(rows);
            string block = FormattableString.Invariant($"v{_version} {_sending.File} {string.Join(',', lines)}");
            int fate = _isCalm ? 0 : _random.Next(10);
            switch (fate)
            {
                case 0 or 1 or 2:
                    Commit(shard, block, lines, _sending.File);
                    return Task.CompletedTask;
                case 3:
                    // The answer is lost.
                    Commit(shard, block, lines, _sending.File);
                    throw new FleetException("lost");
                case 4 or 5:
                    // It comes later than anybody waits for, maybe behind others.
                    Later();
                    throw new FleetException("late");
                case 6:
                    // Something on the way sends it a second time.
                    Commit(shard, block, lines, _sending.File);
                    Later(TimeSpan.FromMinutes(1));
                    return Task.CompletedTask;
                case 7:
                    throw new CrashException();
                case 8:
                    Later();
                    throw new CrashException();
                default:
                    throw new FleetException("refused");
            }

            void Later(TimeSpan? within = null) => _late.Add((
                _time.GetUtcNow() + (_random.NextDouble() * (within ?? Delivery.MaxLateness - TimeSpan.FromSeconds(1))),
                shard,
                block,
                lines,
                _sending.File,
                _version));
        }

        public Task<BitArray> CountAsync(string shard, string run, ShipUnit unit, CancellationToken cancellationToken)
        {
            if (!_isCalm && _random.Next(5) == 0)
                throw new FleetException("not caught up");

            var present = new BitArray(unit.Lines);
            for (int i = 0; i < unit.Lines && !NeverCounts; i++)
                present[i] = _there.ContainsKey((shard, unit.File, unit.First + (uint)i));
            return Task.FromResult(present);
        }

        public void Dispose() => _sender.Dispose();

        private static ShipUnit UnitOf(int number) =>
            new(number, "alert_lines", "alerts.jsonl", $"f{number}", 1, LinesOfUnit, 0, 0, Shards[number % 2], 1);

        private async Task StepAsync(int index)
        {
            (ShipUnit unit, Delivery delivery) = _open[index];
            _sending = unit;
            try
            {
                (bool isWhole, _) = await _sender.DeliverAsync(
                    "run",
                    unit,
                    delivery,
                    [unit.Shard],
                    fresh: null,
                    present => Read(unit, present),
                    CancellationToken.None);

                // To note that it is done may be what a crash comes before.
                if (isWhole && (_isCalm || _random.Next(10) > 0))
                    _open.RemoveAt(index);
                else if (isWhole)
                    Crash();
            }
            catch (FleetException)
            {
                // It tries again.
            }
            catch (CrashException)
            {
                Crash();
            }
        }

        // What the next one knows is which units were fixed.
        private void Crash()
        {
            for (int i = 0; i < _open.Count; i++)
                _open[i] = (_open[i].Unit, Delivery.OfKnown(_time.GetUtcNow()));
        }

        private UnitRows Read(ShipUnit unit, BitArray? present)
        {
            // Lines of a unit may be of two months, and so two blocks.
            string[] lines =
            [
                .. Enumerable.Range(0, LinesOfUnit).Select(i =>
                    $$"""{"timestamp":"2026-{{(unit.Number % 3 == 0 && i % 2 == 1 ? "10" : "11")}}-01T00:00:00Z","name":"n","""
                    + "\"level\":\"info\",\"message\":\"m\"}"),
            ];
            _rows.Begin("run", unit.File, unit.First, EventTable.Alerts.CreateEncoder(), present);
            using LineCursor cursor = LineCursor.OfLines(
                lines.Select(line => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(line)),
                0,
                lines.Length);
            while (cursor.Read())
                _rows.Add(cursor);
            _rows.End();
            return _rows;
        }

        private void Advance(TimeSpan? all = null)
        {
            _time.Advance(all ?? TimeSpan.FromSeconds(_random.Next(_isCalm ? 120 : 20)));
            foreach (var late in _late.Where(late => late.At <= _time.GetUtcNow()).OrderBy(_ => _random.Next()).ToArray())
            {
                _late.Remove(late);
                Commit(late.Shard, late.Block, late.Lines, late.File);
            }

            // Others fill the window, though never so quickly that it forgets what may still be on its way.
            foreach (string shard in Shards)
            {
                if (_late.Count == 0 && _random.Next(4) == 0 && !HasYoungAttempt())
                    Enumerable.Range(0, Window).ToList().ForEach(_ => Remember(shard, $"other {_foreign++}"));
            }

            // A schema changes when nothing is on its way.
            if (_late.Count == 0 && _random.Next(40) == 0)
                _version++;
        }

        private bool HasYoungAttempt() => _open.Any(open =>
            open.Delivery.IsInDoubt && open.Delivery.Next(_time.GetUtcNow(), _version) == Delivery.Step.Send);

        private void Commit(string shard, string block, uint[] lines, string file)
        {
            if (_remembered[shard].Contains(block))
                return;

            Remember(shard, block);
            foreach (uint line in lines)
            {
                int count = _there[(shard, file, line)] = _there.GetValueOrDefault((shard, file, line)) + 1;
                if (count > 1)
                    Fault = $"Line {line} of {file} is there {count} times.";
            }
        }

        private void Remember(string shard, string block)
        {
            List<string> remembered = _remembered[shard];
            remembered.Add(block);
            if (remembered.Count > Window)
                remembered.RemoveAt(0);
        }

        // All rows of a unit are of one length.
        private uint[] LinesOf(ReadOnlyMemory<byte> body)
        {
            using var zipped = new MemoryStream(body.ToArray());
            using var gzip = new GZipStream(zipped, CompressionMode.Decompress);
            using var rows = new MemoryStream();
            gzip.CopyTo(rows);
            int prefix = 1 + "run".Length + 1 + _sending.File.Length;
            int length = prefix + 4 + 2 + 8 + 8 + 1 + 2 + 5 + 2 + 1;
            byte[] bytes = rows.ToArray();
            Assert.Equal(0, bytes.Length % length);
            return [.. Enumerable.Range(0, bytes.Length / length).Select(row => BitConverter.ToUInt32(bytes, (row * length) + prefix))];
        }
    }

    private sealed class CrashException : Exception;
}
