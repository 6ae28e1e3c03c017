using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Compaction beside writers that go on.</summary>
public sealed class LiveCompactionTests
{
    private const int Batches = 40;
    private const int BatchSize = 50;

    [Theory]
    [InlineData(null)]
    [InlineData(1L << 40)]
    public async Task Compacting_beside_a_writer_that_rotates_takes_what_is_finished(long? maxTotalSize)
    {
        const int Compactions = 8;
        const long Recorded = Compactions * Batches * BatchSize;
        using var directory = new TemporaryDirectory();
        GenerationMonitorOptions options = MonitorUse.In(directory.Path);
        options.LogFiles.MaxFileSize = 65_536;
        options.LogFiles.MaxTotalSize = maxTotalSize;
        var monitor = new GenerationMonitor(options);
        int compacted = 0;
        for (int i = 0; i < Compactions; i++)
        {
            Task recording = RecordAsync(monitor, i * Batches * BatchSize);
            do
            {
                CompactionResult result = await LogDirectory.Open(directory.Path).CompactAsync(cancellationToken: Limits.Token);
                compacted += result.CompactedFiles;
                Assert.Equal(0, result.OtherFiles);
            }
            while (!recording.IsCompleted);

            await recording;
        }

        await monitor.DisposeAsync();
        Assert.True(compacted > 0, $"{compacted} files were compacted.");
        Assert.Equal((Recorded, 0), (monitor.File().Written, monitor.File().Failures));
        await LogDirectory.Open(directory.Path).CompactAsync(cancellationToken: Limits.Token);
        Assert.Single(Directory.GetFiles(directory.Path, "*metrics*"));
        RunSummary summary = LogDirectory.Open(directory.Path).Summarize(Limits.Token);
        Assert.Equal((Recorded, 0), (summary.Generations, summary.SkippedLines));
        using LogQuery query = LogDirectory.Open(directory.Path).Query(
            "SELECT count(DISTINCT prompt_token_count), min(prompt_token_count), max(prompt_token_count) FROM generations",
            Limits.Token);
        Assert.True(query.Reader.Read());
        Assert.Equal((Recorded, 1, Recorded), (query.Reader.GetInt64(0), query.Reader.GetInt64(1), query.Reader.GetInt64(2)));
    }

    // In small batches, each of which may end a file.
    private static Task RecordAsync(GenerationMonitor monitor, long recorded) => Task.Run(
        async () =>
        {
            for (int batch = 0; batch < Batches; batch++, recorded += BatchSize)
            {
                monitor.Record("m", recorded + 1, recorded + BatchSize);
                await monitor.Flush();
            }
        },
        Limits.Token);
}
