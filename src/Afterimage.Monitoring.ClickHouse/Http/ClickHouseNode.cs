using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Afterimage.Monitoring.ClickHouse.Http;

/// <summary>A server, accessed over its HTTP interface.</summary>
/// <param name="http">The connections.</param>
/// <param name="url">The URL of the server.</param>
internal sealed partial class ClickHouseNode(ClickHouseHttp http, Uri url)
{
    // From this version on, a setting whose default changes may defer inserts in order to combine them with others. A line must be there
    // when the server says so.
    private static readonly Version HasAsyncInsert = new(22, 2);

    private const int MaxErrorLength = 4096;
    private const int MaxSentence = 300;

    private Version? _version;

    public Uri Url => url;

    /// <summary>Returns the version of the server. It is queried once.</summary>
    public async Task<Version> VersionAsync(CancellationToken cancellationToken) =>
        _version ??= ParseVersion((await ReadAsync("SELECT version()", cancellationToken).ConfigureAwait(false)).Trim());

    /// <summary>Sends a query, and reads the whole result.</summary>
    /// <exception cref="FleetException">The server cannot be reached, or refuses.</exception>
    public async Task<string> ReadAsync(string sql, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        using var limit = new Limit(timeout ?? http.Timeout, cancellationToken);
        try
        {
            using HttpResponseMessage response = await PostAsync(sql, settings: "", limit.Token).ConfigureAwait(false);
            return await response.Content.ReadAsStringAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfNetwork(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Unreachable(e);
        }
    }

    /// <summary>Sends a query, and returns the result once the server has all of it, with any number of rows.</summary>
    /// <param name="sql">The query.</param>
    /// <param name="settings">Settings for the query, as a part of a URL that begins with &amp;; or nothing.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="FleetException">The server cannot be reached, or refuses.</exception>
    public async Task<Stream> ReadStreamAsync(string sql, string settings, CancellationToken cancellationToken)
    {
        try
        {
            HttpResponseMessage response = await PostAsync(sql, settings, cancellationToken).ConfigureAwait(false);
            return await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfNetwork(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Unreachable(e);
        }
    }

    /// <summary>Returns the exception for an error while a result is read.</summary>
    public FleetException Broken(Exception e) => Unreachable(e);

    /// <summary>Inserts rows. If it fails, it is unknown whether they have been inserted.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="rows">The rows, compressed with gzip, one block at most.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="FleetException">The server cannot be reached, or refuses.</exception>
    public async Task InsertAsync(string sql, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
    {
        string settings = await VersionAsync(cancellationToken).ConfigureAwait(false) >= HasAsyncInsert ? "&async_insert=0" : "";
        using var limit = new Limit(http.Timeout, cancellationToken);
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri(url, $"?query={Uri.EscapeDataString(sql)}{settings}"))
        {
            Content = new ReadOnlyMemoryContent(rows),
        };
        request.Content.Headers.ContentEncoding.Add("gzip");
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, limit.Token).ConfigureAwait(false);
            await ThrowIfRefusedAsync(response, limit.Token).ConfigureAwait(false);
            await response.Content.CopyToAsync(Stream.Null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfNetwork(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Unreachable(e);
        }
    }

    private async Task<HttpResponseMessage> PostAsync(string sql, string settings, CancellationToken cancellationToken)
    {
        // Wait for the end of the result, so that an error at its end is an error of the response.
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "?wait_end_of_query=1" + settings))
        {
            Content = new StringContent(sql, Encoding.UTF8),
        };
        HttpResponseMessage response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            await ThrowIfRefusedAsync(response, cancellationToken).ConfigureAwait(false);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
            return;

        string text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        Match said = ErrorText().Match(text.Length > MaxErrorLength ? text[..MaxErrorLength] : text);
        if (!said.Success)
            throw new FleetException(
                $"{Name} answered {(int)response.StatusCode} ({response.StatusCode}) in a form that no ClickHouse server uses.");

        int code = int.Parse(said.Groups["code"].Value, CultureInfo.InvariantCulture);
        throw new FleetException(Sentence(code, said.Groups["text"].Value)) { ErrorCode = code };
    }

    private string Sentence(int code, string text)
    {
        string said = text.Split('\n')[0].Trim().TrimEnd('.', ',');
        if (said.Length > MaxSentence)
            said = said[..MaxSentence] + "…";
        return code switch
        {
            ErrorCodes.UnknownUser or ErrorCodes.WrongPassword or ErrorCodes.RequiredPassword or ErrorCodes.AuthenticationFailed =>
                $"{Name} refused the user name and password.",
            ErrorCodes.NoZooKeeper => $"{Name} has no ZooKeeper, which is required to keep each line exactly once: {said}.",
            _ => $"{Name} refused (error {code}): {said}.",
        };
    }

    private string Name => url.Authority;

    private FleetException Unreachable(Exception e) => e is OperationCanceledException
        ? new FleetException($"{Name} did not answer in time.", e)
        : new FleetException($"{Name} cannot be reached: {e.GetBaseException().FirstLine().TrimEnd('.')}.", e);

    private static bool IsOfNetwork(Exception e) =>
        e is HttpRequestException or OperationCanceledException || e is IOException and not FleetException;

    private static Version ParseVersion(string text) =>
        Version.TryParse(string.Join('.', text.Split('.', '-').Take(3)), out Version? version)
            ? version
            : throw new FleetException($"A server reported '{text}', which is not a version.");

    [GeneratedRegex(
        @"Code: (?<code>\d+)[.,]\s*(e\.displayText\(\) = )?(DB::Exception: )?(?<text>.*?)(, e\.what\(\) = .*|\(version .*|\z)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex ErrorText();

    private readonly struct Limit : IDisposable
    {
        private readonly CancellationTokenSource _source;

        public Limit(TimeSpan timeout, CancellationToken cancellationToken)
        {
            _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _source.CancelAfter(timeout);
        }

        public CancellationToken Token => _source.Token;

        public void Dispose() => _source.Dispose();
    }
}
