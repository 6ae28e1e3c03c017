namespace Afterimage.Monitoring.Metrics;

/// <summary>All points of one metric: an open chunk, and finished blocks in a tree, so that a window costs its logarithm and not its
/// points.</summary>
/// <remarks>
/// <see cref="Fanout"/> blocks of a level become one block of the next, which keeps them as children. Queries take the summary of a block
/// that lies wholly in the window and go down into one at its edge. Where memory has run out below a block, its summary is all there is,
/// and the window's edge is rounded outwards to the block's. Not thread-safe: <see cref="MetricStore"/> is called under the recorder's
/// lock.
/// </remarks>
internal sealed class Series(string name, bool byModel, int chunkCapacity = Chunk.Capacity)
{
    public const int Fanout = 16;

    private readonly List<List<Block>> _levels = [];
    private readonly List<Queue<Block>> _collapsible = [];
    private Chunk _open = new(Math.Min(chunkCapacity, Chunk.SmallCapacity), chunkCapacity);

    // Only where the series is kept by model: sums over the blocks, and over the open chunk.
    private readonly ModelSums? _closedByModel = byModel ? new ModelSums() : null;
    private ModelSums? _openByModel = byModel ? new ModelSums() : null;

    public string Name { get; } = name;

    /// <summary>Points so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a finite point.</summary>
    /// <returns>The block that this point has finished, if any.</returns>
    public Block? Add(long timestamp, double value, int modelId)
    {
        Count++;
        FirstTimestamp = Math.Min(FirstTimestamp, timestamp);
        _open.Add(timestamp, value, modelId);
        _openByModel?.Add(modelId, value);
        if (!_open.IsFull)
            return null;

        var block = new Block(_open, _openByModel);

        // What has filled one chunk fills the next: this one need not grow.
        _open = new Chunk(chunkCapacity, chunkCapacity);
        if (_openByModel is not null)
        {
            _closedByModel!.Add(_openByModel);
            _openByModel = new ModelSums();
        }

        Append(block, level: 0);
        return block;
    }

    /// <summary>The earliest timestamp of all points; <see cref="long.MaxValue"/> without any.</summary>
    public long FirstTimestamp { get; private set; } = long.MaxValue;

    /// <summary>Aggregates the points in a range.</summary>
    public MetricAggregate Aggregate(TimeRange range)
    {
        var query = new Query(range);
        for (int level = _levels.Count - 1; level >= 0; level--)
        {
            foreach (Block block in _levels[level])
                query.Visit(block);
        }

        query.Visit(_open);
        return query.Summary.Count == 0
            ? default
            : new MetricAggregate(query.Summary, new QuantileSource(query.Summary, query.Blocks, query.Edges));
    }

    /// <summary>The values in a range, of one model, that are still in memory.</summary>
    public double[] Values(TimeRange range, int modelId)
    {
        List<double> values = [];
        foreach (Chunk chunk in RawChunks())
        {
            for (int i = 0; i < chunk.Count; i++)
            {
                if (ModelSums.Key(chunk.ModelIds[i]) == modelId && range.Contains(chunk.Timestamps[i]))
                    values.Add(chunk.Values[i]);
            }
        }

        return [.. values];
    }

    /// <summary>The values in a range that are still in memory, by model.</summary>
    public Dictionary<int, List<double>> ValuesByModel(TimeRange range)
    {
        var byModel = new Dictionary<int, List<double>>();
        foreach (Chunk chunk in RawChunks())
        {
            for (int i = 0; i < chunk.Count; i++)
            {
                if (!range.Contains(chunk.Timestamps[i]))
                    continue;
                int modelId = ModelSums.Key(chunk.ModelIds[i]);
                if (!byModel.TryGetValue(modelId, out List<double>? values))
                    byModel.Add(modelId, values = []);
                values.Add(chunk.Values[i]);
            }
        }

        return byModel;
    }

    /// <summary>Of the last <paramref name="count"/> points those in memory, in the order of recording.</summary>
    public double[] Last(long count)
    {
        List<double> values = [];
        Stack<(Chunk Chunk, int Start)> chunks = [];
        foreach (Chunk chunk in RawChunks().Reverse())
        {
            if (count <= 0)
                break;
            chunks.Push((chunk, (int)Math.Max(0, chunk.Count - count)));
            count -= chunk.Count;
        }

        foreach ((Chunk chunk, int start) in chunks)
            values.AddRange(chunk.Values.AsSpan(start, chunk.Count - start));
        return [.. values];
    }

    /// <summary>Sums the points in a range by model: parts, to be added up.</summary>
    public ModelSums[] SumByModel(TimeRange range)
    {
        if (range.IsAll)
            return [_closedByModel!, _openByModel!];

        var sums = new ModelSums();
        foreach (List<Block> level in _levels)
        {
            foreach (Block block in level)
                SumByModel(block, range, sums);
        }

        _open.SumByModel(range, sums);
        return [sums];
    }

    /// <summary>Visits the raw points that are still in memory, in the order of recording.</summary>
    public IEnumerable<Chunk> RawChunks()
    {
        for (int level = _levels.Count - 1; level >= 0; level--)
        {
            foreach (Chunk chunk in _levels[level].SelectMany(RawChunks))
                yield return chunk;
        }

        yield return _open;
    }

    /// <summary>Gives up the raw points of <paramref name="leaf"/>, which this series returned from <see cref="Add"/>, and of summaries
    /// what has become too fine.</summary>
    public void DropRaw(Block leaf)
    {
        leaf.Collapse();
        for (int level = 0; ; level++)
        {
            Block? parent = leaf.Parent;
            if (parent is null || ++parent.CollapsedChildren < Fanout)
                return;

            // A group of bare summaries keeps them until a Fanout of younger such groups exists: the resolution of what is gone stays
            // within a sixteenth of its age, in memory that grows with the logarithm of the points.
            if (level == _collapsible.Count)
                _collapsible.Add(new Queue<Block>());
            _collapsible[level].Enqueue(parent);
            if (_collapsible[level].Count <= Fanout)
                return;

            leaf = _collapsible[level].Dequeue();
            leaf.Collapse();
        }
    }

    private static IEnumerable<Chunk> RawChunks(Block block) =>
        block.Chunk is { } chunk ? [chunk] : block.Children?.SelectMany(RawChunks) ?? [];

    private static void SumByModel(Block block, TimeRange range, ModelSums sums)
    {
        if (range.Excludes(block))
            return;

        if (range.Takes(block))
        {
            sums.Add(block.ByModel!);
            return;
        }

        block.Chunk?.SumByModel(range, sums);
        foreach (Block child in block.Children ?? [])
            SumByModel(child, range, sums);
    }

    private void Append(Block block, int level)
    {
        if (level == _levels.Count)
            _levels.Add(new List<Block>(Fanout));
        List<Block> blocks = _levels[level];
        blocks.Add(block);
        if (blocks.Count < Fanout)
            return;

        var group = new Block([.. blocks], byModel);
        blocks.Clear();
        Append(group, level + 1);
    }

    private ref struct Query(TimeRange range)
    {
        public Summary Summary;

        public List<Block> Blocks { get; } = [];

        public List<ReadOnlyMemory<double>> Edges { get; } = [];

        public void Visit(Block block)
        {
            if (range.Excludes(block))
                return;

            if (range.Takes(block))
            {
                Summary.Merge(block.Summary);
                Blocks.Add(block);
            }
            else if (block.Chunk is { } chunk)
            {
                Visit(chunk);
            }
            else
            {
                foreach (Block child in block.Children!)
                    Visit(child);
            }
        }

        public void Visit(Chunk chunk)
        {
            ReadOnlyMemory<double> values = chunk.ValuesIn(range);
            if (values.IsEmpty)
                return;

            Summary.Merge(Summary.Of(values.Span));
            Edges.Add(values);
        }
    }
}
