using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Views;

namespace Afterimage.Cli.Commands;

/// <summary>The options of a command that runs SQL: the format of the rows, and limits.</summary>
internal sealed partial class QueryOptions
{
    private const int MaxTableRows = 1000;
    private const long DefaultMaxRows = 1_000_000;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(5);

    private readonly Option<Output> _format = new("--format")
    {
        Description = "Print the rows in this format; a table has at most 1,000 rows. [default: table]",
        HelpName = "table|csv|json",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON array, like --format json." };

    private readonly Option<TimeSpan> _timeout = new("--timeout")
    {
        Description = "Stop the query after this time, such as 30s or 10m; 0 sets no limit. [default: 5m]",
        HelpName = "TIME",
        CustomParser = ParseTimeout,
    };

    private readonly Option<long> _maxRows = new("--max-rows")
    {
        Description = "Print at most N rows.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultMaxRows,
        CustomParser = result => WholeNumber.ParseLong(result, "--max-rows", 1),
    };

    private enum Output
    {
        Table,
        Csv,
        Json,
    }

    public void AddTo(Command command)
    {
        command.Add(_format);
        command.Add(_json);
        command.Add(_timeout);
        command.Add(_maxRows);
    }

    /// <summary>The time limit; <see cref="Timeout.InfiniteTimeSpan"/>: none.</summary>
    public TimeSpan TimeLimit(ParseResult parsed) => parsed.GetResult(_timeout) is null ? DefaultTimeout : parsed.GetValue(_timeout);

    /// <summary>The number of rows to print.</summary>
    public long RowLimit(ParseResult parsed) =>
        FormatOf(parsed) == Output.Table ? Math.Min(MaxTableRows, parsed.GetValue(_maxRows)) : parsed.GetValue(_maxRows);

    /// <summary>Returns the SQL that was given as an argument, or that standard input has.</summary>
    /// <exception cref="InputException">The SQL is empty.</exception>
    public static async Task<string> ReadSqlAsync(string given, CancellationToken cancellationToken)
    {
        string sql = given == "-" ? await Console.In.ReadToEndAsync(cancellationToken) : given;
        return string.IsNullOrWhiteSpace(sql) ? throw new InputException("The SQL must not be empty.") : sql;
    }

    /// <summary>Prints the rows.</summary>
    public async Task WriteAsync(ParseResult parsed, IReadOnlyList<QueryColumn> columns, IEnumerable<IReadOnlyList<object?>> rows)
    {
        long maxRows = RowLimit(parsed);
        Output format = FormatOf(parsed);
        var printed = new QueryRows(columns, rows, maxRows);
        switch (format)
        {
            case Output.Csv:
                printed.WriteCsv();
                break;
            case Output.Json:
                printed.WriteJson();
                break;
            case Output.Table:
            default:
                printed.WriteTable();
                break;
        }

        if (printed.HasMore && format != Output.Table)
            await Console.Error.WriteLineAsync($"afterimage: only the first {Format.Count(maxRows)} rows; use --max-rows N for more.");
    }

    public static InputException TookTooLong(TimeSpan limit, Exception exception) =>
        new($"The query took longer than {limit.TotalSeconds:0.###} s (--timeout).", exception);

    private Output FormatOf(ParseResult parsed) => parsed.GetValue(_json) ? Output.Json : parsed.GetValue(_format);

    private static TimeSpan ParseTimeout(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (text == "0")
            return Timeout.InfiniteTimeSpan;
        if (Duration().Match(text) is { Success: true } match
            && double.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture) is > 0 and < 1e6 and var count)
        {
            return match.Groups["unit"].Value.ToLowerInvariant() switch
            {
                "ms" => TimeSpan.FromMilliseconds(count),
                "m" or "min" => TimeSpan.FromMinutes(Math.Min(count, 10_000)),
                "h" => TimeSpan.FromHours(Math.Min(count, 500)),
                _ => TimeSpan.FromSeconds(count),
            };
        }

        result.AddError($"--timeout must be a time such as 30s or 10m, not '{Format.Name(text, 40)}'.");
        return default;
    }

    [GeneratedRegex(
        @"^(?<count>\d+(\.\d+)?)(?<unit>ms|s|m|min|h)?$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}
