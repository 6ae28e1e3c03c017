using System.Globalization;
using System.Runtime.InteropServices;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;
using Afterimage.Monitoring.ClickHouse.Shipping;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Compacting;

namespace Afterimage.Monitoring.ClickHouse.Auditing;

/// <summary>Compares local lines with those in the cluster: by ranges, for which the servers aggregate what they have, and line by line if
/// a range differs.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="progress">Receives progress from 0 to 1.</param>
/// <param name="cancellationToken">A token to cancel the operation.</param>
internal sealed class Auditor(FleetCluster cluster, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private const int RangeLength = 50_000;

    private readonly List<FleetAuditFile> _faults = [];
    private readonly Dictionary<string, ClickHouseNode[]> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<LineTable, LineEncoder> _encoders = [];
    private long _keptFrom;
    private int _files;
    private long _lines;
    private long _skippedLines;
    private long _removedLines;
    private long _linesOfOtherFiles;

    public async Task<FleetAudit> RunAsync(string root)
    {
        FleetState state = await cluster.StateAsync(cancellationToken).ConfigureAwait(false);
        _keptFrom = state.KeptFrom is { } day ? day.ToDateTime(TimeOnly.MinValue).Ticks : 0;
        foreach (LineTable table in LineTable.All)
            _nodes.Add(table.Name, await SyncedAsync(table).ConfigureAwait(false));

        IReadOnlyList<RunListing> runs = RunListing.Of(root);
        for (int i = 0; i < runs.Count; i++)
        {
            await AuditAsync(runs[i], state.Id).ConfigureAwait(false);
            progress?.Report((i + 1.0) / runs.Count);
        }

        return new FleetAudit
        {
            Runs = runs.Count,
            Files = _files,
            Lines = _lines,
            SkippedLines = _skippedLines,
            RemovedLines = _removedLines,
            LinesOfOtherFiles = _linesOfOtherFiles,
            Missing = _faults.Sum(file => file.Missing),
            Twice = _faults.Sum(file => file.Twice),
            Differing = _faults.Sum(file => file.Differing),
            FilesWithFaults = _faults,
        };
    }

    /// <summary>Returns a replica of each shard that has all data of its shard.</summary>
    private async Task<ClickHouseNode[]> SyncedAsync(LineTable table)
    {
        IReadOnlyList<FleetShard> shards = await cluster.ShardsAsync(cancellationToken).ConfigureAwait(false);
        if (!cluster.HasAllShards)
            throw new FleetException("The lines cannot be counted, because no node of one of the shards can be reached.");

        var nodes = new List<ClickHouseNode>();
        foreach (FleetShard shard in shards)
            nodes.Add(await SyncedAsync(shard, table).ConfigureAwait(false));
        return [.. nodes];
    }

    private async Task<ClickHouseNode> SyncedAsync(FleetShard shard, LineTable table)
    {
        FleetException? failure = null;
        foreach (ClickHouseNode node in shard.Replicas)
        {
            try
            {
                await node.ReadAsync($"SYSTEM SYNC REPLICA {cluster.Schema.Database}.{table.LocalName}", cancellationToken)
                    .ConfigureAwait(false);
                return node;
            }
            catch (FleetException e) when (e.ErrorCode == ErrorCodes.ReadOnly)
            {
                // A user that may only read must be content with what the node has by now.
                return node;
            }
            catch (FleetException e)
            {
                failure = e;
            }
        }

        throw failure!;
    }

    private async Task AuditAsync(RunListing listing, string fleet)
    {
        RunNames names = RunNames.Read(listing, fleet);
        List<(LineTable Table, string Name)> audited = [];
        foreach (ListedFile file in listing.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!file.IsCompacted)
            {
                bool mayGrow = FileClaim.IsHeld(file.Path);
                using LineCursor cursor = LineCursor.OfFile(file.Path, 0, long.MaxValue);
                await AuditFileAsync(file.Path, file.Table, file.Name, cursor, mayGrow).ConfigureAwait(false);
                continue;
            }

            long offset = 0;
            foreach ((string name, long rows) in CompactedSources.Read(file.Path))
            {
                using LineCursor cursor = LineCursor.OfLines(CompactedLines.Read(file.Path, offset, rows), 0, rows);
                await AuditFileAsync(Path.Combine(listing.Directory, name), file.Table, name, cursor, mayGrow: false)
                    .ConfigureAwait(false);
                offset += rows;
            }
        }

        ILookup<LineTable, string> files = audited.ToLookup(file => file.Table, file => file.Name);
        foreach (LineTable table in LineTable.All)
            _linesOfOtherFiles += await OtherLinesAsync(table, names.Run, files[table]).ConfigureAwait(false);

        Task AuditFileAsync(string path, LineTable table, string name, LineCursor cursor, bool mayGrow)
        {
            string inCluster = names.FileOf(table.Name, name);
            audited.Add((table, inCluster));
            return AuditAsync(path, table, names.Run, inCluster, cursor, mayGrow);
        }
    }

    private async Task<long> OtherLinesAsync(LineTable table, string run, IEnumerable<string> files)
    {
        string those = string.Join(", ", files.Append("").Select(TabSeparated.Quote));
        string sql = $"SELECT count() FROM {cluster.Schema.Database}.{table.LocalName} "
            + $"WHERE run = {TabSeparated.Quote(run)} AND file NOT IN ({those})";
        long lines = 0;
        foreach (ClickHouseNode node in _nodes[table.Name])
            lines += long.Parse((await node.ReadAsync(sql, cancellationToken).ConfigureAwait(false)).Trim(), CultureInfo.InvariantCulture);
        return lines;
    }

    private async Task AuditAsync(string path, LineTable table, string run, string file, LineCursor cursor, bool mayGrow)
    {
        var here = new List<Line>();
        List<Range> ranges = await RangesAsync(table, run, file).ConfigureAwait(false);
        long lines = 0;
        var fault = new FleetAuditFile { Path = path, Run = run, File = file };
        while (true)
        {
            here.Clear();
            while (here.Count < RangeLength && cursor.Read())
                here.Add(Take(table, cursor));
            long number = lines / RangeLength;
            Range there = ranges.Find(range => range.Number == number) ?? new Range(number, 0, 0, 0);
            if (here.Count == 0 && there.Lines == 0)
                break;

            ulong sum = 0;
            int kept = 0;
            foreach (Line line in CollectionsMarshal.AsSpan(here))
            {
                sum += line.IsRemoved ? 0 : line.Checksum;
                kept += line.IsRemoved ? 0 : 1;
            }

            if (there.Lines != kept || there.Distinct != kept || there.Sum != sum)
                fault = await CompareAsync(fault, table, lines, here, mayGrow).ConfigureAwait(false);
            else
                _removedLines += here.Count - kept;
            lines += here.Count;
            if (here.Count < RangeLength)
                break;
        }

        long beyond = mayGrow ? 0 : ranges.Where(range => range.Number * RangeLength > lines).Sum(range => range.Distinct);
        fault = fault with { Differing = fault.Differing + beyond };
        _files++;
        _lines += lines;
        if (fault.Missing + fault.Twice + fault.Differing > 0)
            _faults.Add(fault with { Lines = lines });
    }

    private Line Take(LineTable table, LineCursor cursor)
    {
        if (!_encoders.TryGetValue(table, out LineEncoder? encoder))
            _encoders.Add(table, encoder = table.CreateEncoder());
        bool isValid = !cursor.IsTooLong && encoder.TryParse(cursor.Line);
        _skippedLines += isValid ? 0 : 1;

        // A line without a time was shipped with one next to it. Where any lines were removed, it may be gone.
        bool isRemoved = isValid ? encoder.Timestamp < _keptFrom : _keptFrom > 0;
        return new Line(LineEncoder.Checksum(cursor.Line.Span, isValid), isRemoved);
    }

    /// <summary>Compares line by line.</summary>
    private async Task<FleetAuditFile> CompareAsync(FleetAuditFile fault, LineTable table, long before, List<Line> here, bool mayGrow)
    {
        var there = new Dictionary<long, (long Count, ulong Least, ulong Most)>();
        foreach (ClickHouseNode node in _nodes[table.Name])
        {
            string sql = string.Create(
                CultureInfo.InvariantCulture,
                $"SELECT line, count(), min(checksum), max(checksum) FROM {cluster.Schema.Database}.{table.LocalName} "
                + $"WHERE {Of(fault.Run, fault.File)} AND line > {before} AND line <= {before + RangeLength} GROUP BY line");
            foreach (string[] row in TabSeparated.Rows(await node.ReadAsync(sql, cancellationToken).ConfigureAwait(false)))
            {
                long line = long.Parse(row[0], CultureInfo.InvariantCulture);
                (long count, ulong least, ulong most) = there.GetValueOrDefault(line, (0L, ulong.MaxValue, 0UL));
                there[line] = (
                    count + long.Parse(row[1], CultureInfo.InvariantCulture),
                    Math.Min(least, ulong.Parse(row[2], CultureInfo.InvariantCulture)),
                    Math.Max(most, ulong.Parse(row[3], CultureInfo.InvariantCulture)));
            }
        }

        long missing = 0;
        long twice = 0;
        long differing = 0;
        long first = long.MaxValue;
        for (int i = 0; i < here.Count; i++)
        {
            long line = before + i + 1;
            bool isThere = there.Remove(line, out var found);
            bool isTwice = isThere && found.Count > 1;
            bool differs = isThere && (found.Least != here[i].Checksum || found.Most != here[i].Checksum);
            missing += isThere || here[i].IsRemoved ? 0 : 1;
            _removedLines += !isThere && here[i].IsRemoved ? 1 : 0;
            twice += isTwice ? 1 : 0;
            differing += differs ? 1 : 0;
            if ((!isThere && !here[i].IsRemoved) || isTwice || differs)
                first = Math.Min(first, line);
        }

        // A writer may have continued since its file was read.
        if (!mayGrow && there.Count > 0)
        {
            differing += there.Count;
            first = Math.Min(first, there.Keys.Min());
        }

        return missing + twice + differing == 0
            ? fault
            : fault with
            {
                Missing = fault.Missing + missing,
                Twice = fault.Twice + twice,
                Differing = fault.Differing + differing,
                FirstLine = fault.FirstLine == 0 ? first : fault.FirstLine,
            };
    }

    private async Task<List<Range>> RangesAsync(LineTable table, string run, string file)
    {
        var ranges = new Dictionary<long, Range>();
        foreach (ClickHouseNode node in _nodes[table.Name])
        {
            string sql =
                $"SELECT intDiv(line - 1, {RangeLength}) AS range, count(), uniqExact(line), sum(checksum) "
                + $"FROM {cluster.Schema.Database}.{table.LocalName} WHERE {Of(run, file)} GROUP BY range";
            foreach (string[] row in TabSeparated.Rows(await node.ReadAsync(sql, cancellationToken).ConfigureAwait(false)))
            {
                long number = long.Parse(row[0], CultureInfo.InvariantCulture);
                Range before = ranges.GetValueOrDefault(number, new Range(number, 0, 0, 0));
                ranges[number] = new Range(
                    number,
                    before.Lines + long.Parse(row[1], CultureInfo.InvariantCulture),
                    before.Distinct + long.Parse(row[2], CultureInfo.InvariantCulture),
                    before.Sum + ulong.Parse(row[3], CultureInfo.InvariantCulture));
            }
        }

        return [.. ranges.Values];
    }

    private static string Of(string run, string file) => $"run = {TabSeparated.Quote(run)} AND file = {TabSeparated.Quote(file)}";

    /// <param name="Checksum">The hash of the line.</param>
    /// <param name="IsRemoved">Whether the line may have been removed from the cluster for its age.</param>
    private readonly record struct Line(ulong Checksum, bool IsRemoved);

    private sealed record Range(long Number, long Lines, long Distinct, ulong Sum);
}
