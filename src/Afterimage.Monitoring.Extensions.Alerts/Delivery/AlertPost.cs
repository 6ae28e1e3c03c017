using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;

namespace Afterimage.Monitoring.Delivery;

/// <summary>Posts JSON to one URL.</summary>
internal sealed class AlertPost : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json", "utf-8");

    private readonly Uri _url;
    private readonly KeyValuePair<string, string>[] _headers;
    private readonly DeliveryPipeline _pipeline;
    private readonly HttpClient? _ownClient;
    private readonly HttpClient _client;

    /// <param name="options">The settings. They must be valid.</param>
    /// <param name="url">The URL.</param>
    /// <param name="client">The HTTP client of the caller; null: a client of its own.</param>
    /// <param name="timeProvider">The clock for retries and time limits.</param>
    public AlertPost(HttpAlertOptions options, Uri url, HttpClient? client, TimeProvider timeProvider)
    {
        _url = url;
        _headers = [.. options.Headers];
        _pipeline = new DeliveryPipeline(options, timeProvider);
        if (client is null)
        {
            // Following a redirect would take headers and alerts to a place that nobody named. The pipeline has its own time limit.
            client = _ownClient = new HttpClient(
                new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    UseCookies = false,
                    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                })
            {
                Timeout = Timeout.InfiniteTimeSpan,
            };
        }

        _client = client;
    }

    /// <param name="body">The body, in UTF-8.</param>
    /// <param name="sign">Adds headers to each attempt.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="DeliveryException">The request was not accepted.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> body, Action<HttpRequestHeaders>? sign, CancellationToken cancellationToken) =>
        _pipeline.RunAsync(_url.Host, token => AttemptAsync(body, sign, token), cancellationToken);

    public void Dispose() => _ownClient?.Dispose();

    private async ValueTask AttemptAsync(ReadOnlyMemory<byte> body, Action<HttpRequestHeaders>? sign, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = Json;
        foreach ((string name, string value) in _headers)
            request.Headers.TryAddWithoutValidation(name, value);
        sign?.Invoke(request.Headers);
        try
        {
            using HttpResponseMessage response = await _client
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                .ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw new DeliveryException($"{_url.Host} answered {Status(response.StatusCode)}", IsTransient(response.StatusCode))
                {
                    RetryAfter = response.Headers.RetryAfter?.Delta,
                };
            }
        }
        catch (HttpRequestException exception)
        {
            bool isRefused =
                exception.HttpRequestError == HttpRequestError.SecureConnectionError && exception.InnerException is AuthenticationException;
            throw new DeliveryException($"{_url.Host} could not be reached: {Cause(exception)}", !isRefused, exception);
        }
    }

    // The receiver's own words and anything else it sent are left out: they may repeat a secret of the request.
    private static string Status(HttpStatusCode status) =>
        Enum.IsDefined(status) ? $"{(int)status} ({status})" : ((int)status).ToString(CultureInfo.InvariantCulture);

    // The innermost exception describes the problem; the outer ones only say "see inner exception".
    private static string Cause(HttpRequestException exception)
    {
        Exception cause = exception.GetBaseException();
        return cause == exception || exception.Message.Contains(cause.Message, StringComparison.Ordinal)
            ? exception.Message
            : $"{exception.Message.TrimEnd('.').Replace(", see inner exception", "", StringComparison.Ordinal)}: {cause.Message}";
    }

    private static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;
}
