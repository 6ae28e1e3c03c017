using System.ClientModel;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Afterimage.Monitoring;

/// <summary>The kinds of errors that clients throw, in the vocabulary of the attribute <c>error.type</c>.</summary>
/// <remarks>https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/: an HTTP status code, a well-known name such as
/// <c>timeout</c>, or the exception's full type name. Names of transport errors are those of .NET's own HTTP metrics,
/// https://learn.microsoft.com/dotnet/core/diagnostics/built-in-metrics-system-net.</remarks>
internal static class ErrorTypes
{
    public const string Timeout = "timeout";
    private const string Connection = "connection_error";
    private const string NameResolution = "name_resolution_error";

    public static string Of(Exception exception) => Known(exception) ?? Innermost(exception).GetType().ToString();

    /// <summary>Returns whether an exception contains nothing but cancellation.</summary>
    public static bool IsCancellation(Exception exception) =>
        exception is AggregateException { InnerExceptions.Count: > 0 } many
            ? many.InnerExceptions.All(IsCancellation)
            : exception is OperationCanceledException;

    private static string? Known(Exception exception) => exception switch
    {
        // A client that has retried throws the exceptions of all attempts. The last one says why it gave up.
        AggregateException many => many.InnerExceptions.Reverse().Select(Known).FirstOrDefault(known => known is not null),
        ClientResultException { Status: > 0 } result => Status(result.Status),
        HttpRequestException { StatusCode: { } status } => Status((int)status),
        HttpRequestException request => Inner(request) ?? Transport(request.HttpRequestError),
        HttpIOException io => Inner(io) ?? Transport(io.HttpRequestError),
        TimeoutException or OperationCanceledException => Timeout,
        SocketException { SocketErrorCode: SocketError.TimedOut } => Timeout,
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } => NameResolution,
        SocketException => Connection,
        AuthenticationException => Transport(HttpRequestError.SecureConnectionError),
        ClientResultException or IOException => Inner(exception),
        _ => null,
    };

    private static string? Inner(Exception exception) => exception.InnerException is { } inner ? Known(inner) : null;

    private static Exception Innermost(Exception exception) =>
        exception is AggregateException { InnerExceptions: [.., { } last] } ? Innermost(last) : exception;

    private static string Status(int status) => status.ToString(CultureInfo.InvariantCulture);

    private static string? Transport(HttpRequestError error)
    {
        if (error == HttpRequestError.Unknown)
            return null;

        var text = new StringBuilder();
        foreach (char c in error.ToString())
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
