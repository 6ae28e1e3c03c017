using System.Diagnostics;

namespace Afterimage.Cli.Tests;

/// <summary>Values of every type are shown, and no query takes the machine.</summary>
public sealed class QueryLimitTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public QueryLimitTests() => _directory.Write(
        "log/metrics.jsonl",
        """{"timestamp":"2026-11-23T14:25:38Z","event":"generation","duration":1,"success":true}""");

    public void Dispose() => _directory.Dispose();

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    [Theory]
    [InlineData("MAP {'a': [1, NULL]}", """{"a":[1,null]}""")]
    [InlineData("MAP {1: DATE '2026-01-02'}", """{"1":"2026-01-02"}""")]
    [InlineData("DATE '2026-01-02'", "\"2026-01-02\"")]
    [InlineData("TIME '01:02:03.5'", "\"01:02:03.5\"")]
    [InlineData("'\\xAB\\x00'::BLOB", "\"\\\\xAB\\\\x00\"")]
    [InlineData("[1, NULL]", "[1,null]")]
    [InlineData("{'a': [{'b': 'x\"'}]}", """{"a":[{"b":"x\""}]}""")]
    [InlineData("UNION_VALUE(a := 1)", """{"a":1}""")]
    [InlineData("INTERVAL 3 DAY", "\"3 days\"")]
    [InlineData("'x'::ENUM('x')", "\"x\"")]
    [InlineData("340282366920938463463374607431768211455::UHUGEINT", "340282366920938463463374607431768211455")]
    [InlineData("1.50::DECIMAL(9, 2)", "1.50")]
    [InlineData("'NaN'::DOUBLE", "\"NaN\"")]
    [InlineData("['NaN'::DOUBLE]", "\"[NaN]\"")]
    [InlineData("[1, 2]::INTEGER[2]", "[1,2]")]
    [InlineData("TIMESTAMP_NS '2026-01-02 03:04:05.123456789'", "\"2026-01-02 03:04:05.123456789\"")]
    [InlineData("NULL", "null")]
    public async Task A_value_of_any_type_is_json(string value, string expected)
    {
        CommandResult result = await RunAsync(
            "query",
            "log",
            $"SELECT {value} AS \"the \"\"value\"\"\", 1 AS x, 2 AS x; -- done",
            "--json");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal($$"""[{"the \"value\"":{{expected}},"x":1,"x":2}]""", result.Output.TrimEnd());
    }

    [Fact]
    public async Task The_order_of_rows_is_that_of_the_statement()
    {
        CommandResult result = await RunAsync(
            "query",
            "log",
            "SELECT [range] AS list FROM range(3000) ORDER BY range % 7, range DESC LIMIT 3",
            "--format",
            "csv");

        Assert.Equal("list\r\n[2996]\r\n[2989]\r\n[2982]\r\n", result.Output);
    }

    [Fact]
    public async Task Rows_beyond_the_limit_are_not_printed_and_that_is_said()
    {
        CommandResult csv = await RunAsync("query", "log", "FROM range(5)", "--format", "csv", "--max-rows", "2");
        CommandResult all = await RunAsync("query", "log", "FROM range(5)", "--format", "csv", "--max-rows", "5");

        Assert.Equal("range\r\n0\r\n1\r\n", csv.Output);
        Assert.Contains("the first 2 rows", csv.Error, StringComparison.Ordinal);
        Assert.Equal("", all.Error);
    }

    [Fact]
    public async Task A_query_ends_at_its_time_limit()
    {
        CommandResult result = await RunAsync(
            "query",
            "log",
            "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
            "--timeout",
            "500ms");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("longer than 0.5 s (--timeout)", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT length(repeat('x', 4000000000))")]
    [InlineData("SELECT len(list_resize([1], 1000000000))")]
    public async Task A_query_gets_no_more_memory_than_it_may_have(string sql)
    {
        Need.Linux();

        CommandResult result = await RunAsync("query", "log", sql);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Sql_comes_from_standard_input()
    {
        Need.Linux();
        await File.WriteAllTextAsync(
            Path.Combine(_directory.Path, "a.sql"),
            "-- how many\nSELECT count(*) AS n FROM generations;\n",
            TestContext.Current.CancellationToken);

        using Process process = CommandLine.StartInShell(_directory.Path, "query log - --json < a.sql");
        CommandResult result = await CommandLine.FinishAsync(process);

        Assert.Equal((0, "[{\"n\":1}]\n", ""), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task Pivot_and_explain_can_be_run()
    {
        CommandResult pivot = await RunAsync("query", "log", "PIVOT generations ON success USING count(*)", "--json");
        CommandResult explain = await RunAsync("query", "log", "EXPLAIN SELECT count(*) FROM generations");

        Assert.Equal((0, 0), (pivot.ExitCode, explain.ExitCode));
        Assert.Contains("\"true\":1", pivot.Output, StringComparison.Ordinal);
    }
}
