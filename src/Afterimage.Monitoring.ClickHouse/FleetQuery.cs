using System.Globalization;
using System.Text.RegularExpressions;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Http;

namespace Afterimage.Monitoring;

/// <summary>The result of an SQL query over a fleet. Dispose it to release its connection.</summary>
public sealed partial class FleetQuery : IAsyncDisposable
{
    private readonly IAsyncEnumerator<string> _lines;
    private readonly long _maxRows;
    private readonly CancellationTokenSource _ending;

    private FleetQuery(IAsyncEnumerator<string> lines, long maxRows, CancellationTokenSource ending)
    {
        (_lines, _maxRows, _ending) = (lines, maxRows, ending);
    }

    /// <summary>The names of the columns.</summary>
    public IReadOnlyList<string> ColumnNames { get; private set; } = [];

    /// <summary>The ClickHouse types of the columns, such as <c>Nullable(Float64)</c>.</summary>
    public IReadOnlyList<string> ColumnTypes { get; private set; } = [];

    /// <summary>Whether there are more rows than <see cref="FleetQueryOptions.MaxRows"/>. It is known once all rows have been
    /// read.</summary>
    public bool HasMore { get; private set; }

    /// <summary>Reads the rows. It must be called once.</summary>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The rows. A value is a <see cref="long"/>, <see cref="ulong"/>, <see cref="double"/>, <see cref="decimal"/>, a
    /// <see cref="DateTime"/> in UTC if the column has the time zone UTC, <see langword="null"/>, or text: for other types, as ClickHouse
    /// writes them.</returns>
    /// <exception cref="FleetException">The server cannot be reached any more.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async IAsyncEnumerable<IReadOnlyList<object?>> ReadRowsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CancellationTokenRegistration registration = cancellationToken.Register(_ending.Cancel);
        await using (registration.ConfigureAwait(false))
        {
            Func<string, object>[] types = [.. ColumnTypes.Select(ReaderOf)];
            for (long rows = 0; await NextAsync(cancellationToken).ConfigureAwait(false) is { } values; rows++)
            {
                if (rows == _maxRows)
                {
                    HasMore = true;
                    yield break;
                }

                object?[] row = new object?[types.Length];
                for (int i = 0; i < row.Length; i++)
                    row[i] = values[i] is { } value ? types[i](value) : null;
                yield return row;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _lines.DisposeAsync().ConfigureAwait(false);
        _ending.Dispose();
    }

    internal static async Task<FleetQuery> RunAsync(
        FleetCluster cluster,
        string sql,
        FleetQueryOptions options,
        CancellationToken cancellationToken)
    {
        string statement = sql.TrimEnd().TrimEnd(';').TrimEnd();

        // For servers, a statement that ends the queries of others can also only read.
        if (!Reading().IsMatch(statement))
        {
            throw new FleetException("The statement must begin with SELECT, WITH, SHOW, DESCRIBE, EXISTS or EXPLAIN.")
            {
                ErrorCode = ErrorCodes.ReadOnly,
            };
        }

        string settings = $"&database={cluster.Options.Database}";

        // A user who may only read has its limits in its profile, and must not set any.
        if ((await cluster.AskAsync("SELECT value FROM system.settings WHERE name = 'readonly'", cancellationToken)
            .ConfigureAwait(false)).Trim() == "0")
        {
            // To servers, a limit of 0 is none.
            double seconds = options.Timeout == Timeout.InfiniteTimeSpan ? 0 : Math.Ceiling(options.Timeout.TotalSeconds);
            settings += string.Create(
                CultureInfo.InvariantCulture,
                $"&readonly=1&max_execution_time={seconds:0}&max_result_rows={options.MaxRows}&result_overflow_mode=break");
        }

        var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var query = new FleetQuery(
            cluster.LinesAsync(statement + "\nFORMAT TabSeparatedWithNamesAndTypes", settings, ending.Token)
                .GetAsyncEnumerator(CancellationToken.None),
            options.MaxRows,
            ending);
        try
        {
            query.ColumnNames = await query.HeaderAsync(cancellationToken).ConfigureAwait(false);
            query.ColumnTypes = await query.HeaderAsync(cancellationToken).ConfigureAwait(false);
            return query;
        }
        catch
        {
            await query.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<string[]> HeaderAsync(CancellationToken cancellationToken) =>
        await NextAsync(cancellationToken).ConfigureAwait(false) is { } values ? [.. values.Select(value => value ?? "")] : [];

    private async Task<string?[]?> NextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await _lines.MoveNextAsync().ConfigureAwait(false) ? TabSeparated.NullableRow(_lines.Current) : null;
    }

    /// <summary>Returns the type of the values of a column that are not null.</summary>
    internal static string TypeOfValues(string type)
    {
        const string Nullable = "Nullable(";
        return type.StartsWith(Nullable, StringComparison.Ordinal) ? type[Nullable.Length..^1] : type;
    }

    private static Func<string, object> ReaderOf(string type)
    {
        string inner = TypeOfValues(type);
        return inner switch
        {
            "Int8" or "Int16" or "Int32" or "Int64" => text => long.Parse(text, CultureInfo.InvariantCulture),
            "UInt8" or "UInt16" or "UInt32" or "UInt64" => text => ulong.Parse(text, CultureInfo.InvariantCulture),
            "Float32" or "Float64" => text => Double(text),
            "DateTime('UTC')" => Time,
            _ when inner.StartsWith("Decimal(", StringComparison.Ordinal) => text =>
                decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal number) ? number : text,
            _ => text => text,
        };
    }

    // Behind white space, comments and parentheses.
    [GeneratedRegex(
        @"^(?:[\s(]|--[^\n]*\n|/\*.*?\*/)*(?:SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Reading();

    private static double Double(string text) => text switch
    {
        "nan" => double.NaN,
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    // Servers write a time of 0 as one that no calendar has.
    private static object Time(string text) =>
        DateTime.TryParseExact(
            text,
            "yyyy-MM-dd HH:mm:ss",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out DateTime time)
            ? time
            : text;
}
