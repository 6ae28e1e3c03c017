using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using Afterimage.Monitoring.Server.Runs;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Runs SQL over a run, a few statements at a time, within limits on time and rows.</summary>
internal sealed class QueryRunner(GenerationServerOptions options) : IDisposable
{
    // Each statement uses up to half a gigabyte.
    private const int AtOnce = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _free = new(AtOnce);

    /// <exception cref="QueryException">The statement has no result.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<QueryAnswer> RunAsync(DirectoryRun entry, string sql, CancellationToken cancellationToken)
    {
        if (!await _free.WaitAsync(Patience, cancellationToken))
            throw new QueryException(StatusCodes.Status429TooManyRequests, "The server is busy with other statements. Try again.");

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.QueryTimeLimit);
        try
        {
            return await Task.Run(() => Run(entry, sql, limit.Token), limit.Token);
        }
        catch (Exception e)
            when (!cancellationToken.IsCancellationRequested
                && limit.IsCancellationRequested
                && e is OperationCanceledException or DbException)
        {
            throw new QueryException(
                StatusCodes.Status422UnprocessableEntity,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The statement took longer than {options.QueryTimeLimit.TotalSeconds:0.#} seconds."),
                e);
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose() => _free.Dispose();

    private QueryAnswer Run(DirectoryRun entry, string sql, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        try
        {
            using LogQuery query = LogDirectory.Open(entry.Directory).Query(sql, cancellationToken);
            DbDataReader reader = query.Reader;
            QueryColumn[] columns =
            [
                .. Enumerable.Range(0, reader.FieldCount)
                    .Select(i => new QueryColumn(reader.GetName(i), Kind(reader.GetFieldType(i)))),
            ];
            List<object?[]> rows = [];
            bool isCut = false;
            while (reader.Read())
            {
                if (rows.Count == options.MaxQueryRows)
                {
                    isCut = true;
                    break;
                }

                rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => Value(reader, i))]);
            }

            return new QueryAnswer(columns, rows, isCut, query.SkippedLines, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        catch (Exception e) when (e is ArgumentException or DbException && !cancellationToken.IsCancellationRequested)
        {
            string message = (e.InnerException ?? e).FirstLine();
            throw new QueryException(StatusCodes.Status422UnprocessableEntity, message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new QueryException(StatusCodes.Status409Conflict, "The files of the run cannot be read. They may have been removed.", e);
        }
    }

    private static string Kind(Type type) =>
        type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(DateOnly) ? "time"
        : type == typeof(bool) ? "flag"
        : type.IsPrimitive || type == typeof(decimal) || type == typeof(BigInteger) ? "number"
        : "text";

    private static object? Value(DbDataReader reader, int column)
    {
        try
        {
            return reader.IsDBNull(column) ? null : QueryCell.Shown(reader.GetValue(column));
        }
        catch (Exception e)
            when (e is InvalidCastException
                or InvalidOperationException
                or NotSupportedException
                or NotImplementedException
                or NullReferenceException)
        {
            // The binding has no .NET type for some values, such as a list of numbers that contains a NULL.
            throw new ArgumentException($"The column '{reader.GetName(column)}' has values that cannot be shown. Cast it to VARCHAR.", e);
        }
    }
}
