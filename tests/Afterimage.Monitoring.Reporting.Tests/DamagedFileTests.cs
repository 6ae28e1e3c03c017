using System.Globalization;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>A compacted file of which a byte is not what was written: it is read, or refused by its name.</summary>
public sealed class DamagedFileTests : IDisposable
{
    // Each reads the file several times; a prime, so that no structure of the file is passed over.
    private const int Step = 499;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_flipped_byte_in_a_compacted_file_is_read_or_refused_by_its_name()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        const string Call = "\"event\":\"generation\",\"duration\":1.5,\"success\":true,\"model_name\":\"größe\"";
        _directory.Write("metrics.jsonl", Enumerable.Range(0, 40).Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"timestamp":"2026-11-23T14:25:{{{i:00}}}Z",{{{Call}}},"prompt_token_count":{{{i}}},"tags":{"k":"v{{{i}}}"}}""")));
        await LogDirectory.Open(_directory.Path).CompactAsync(null, cancellationToken);
        string file = Assert.Single(Directory.GetFiles(_directory.Path, "*.parquet"));
        byte[] whole = File.ReadAllBytes(file);

        int refused = 0;
        for (int position = 0; position < whole.Length; position += Step)
        {
            byte[] damaged = [.. whole];
            damaged[position] ^= (byte)(1 << (position % 8));
            File.WriteAllBytes(file, damaged);
            LogDirectory log = LogDirectory.Open(_directory.Path);
            Try(position, () => log.Summarize(cancellationToken));
            Try(position, Query);
            Try(position, () => log.SummarizeByAsync(SummaryKey.Model, cancellationToken).GetAwaiter().GetResult());
            Try(position, Resume);
        }

        Assert.NotEqual(0, refused);

        void Try(int position, Action read)
        {
            try
            {
                read();
            }
            catch (IOException e) when (e.Message.Contains(Path.GetFileName(file), StringComparison.Ordinal))
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"The byte at {position}: {e}"));
            }
        }

        void Query()
        {
            using LogQuery query = LogDirectory.Open(_directory.Path).Query("SELECT * FROM calls", cancellationToken);
            while (query.Reader.Read())
                _ = query.Reader.GetValue(0);
        }

        void Resume()
        {
            var options = new GenerationMonitorOptions { WriteFiles = false };
            options.UseCompactedFiles();
            options.Budgets.Add(new Budget { Name = "b", Unit = BudgetUnit.Tokens, Limit = 1e9m, ResumeFrom = _directory.Path });
            new GenerationMonitor(options).Dispose();
        }
    }
}
