using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Alerts;
using Afterimage.Monitoring.Log.Writing;

namespace Afterimage.Monitoring.Delivery;

/// <summary>Posts alerts to a URL.</summary>
internal sealed class WebhookAlertHandler : IAlertHandler, IDisposable
{
    private const int Version = 1;
    private const string SignatureHeader = "Afterimage-Signature";

    private readonly AlertPost _post;
    private readonly LevelFilter _filter;
    private readonly byte[]? _key;
    private readonly TimeProvider _timeProvider;

    public WebhookAlertHandler(WebhookAlertOptions options, HttpClient? client, TimeProvider timeProvider)
    {
        _post = new AlertPost(options, options.Url!, client, timeProvider);
        _filter = new LevelFilter(options.MinimumLevel);
        _key = options.Secret is { } secret ? Encoding.UTF8.GetBytes(secret) : null;
        _timeProvider = timeProvider;
    }

    public ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
    {
        alerts = _filter.Filter(alerts);
        if (alerts.Count == 0)
            return ValueTask.CompletedTask;

        ReadOnlyMemory<byte> body = Body(alerts);
        return _post.SendAsync(body, _key is null ? null : headers => Sign(headers, body.Span), cancellationToken);
    }

    public void Dispose() => _post.Dispose();

    private static ReadOnlyMemory<byte> Body(IReadOnlyList<Alert> alerts)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteString("id", Guid.CreateVersion7());
            writer.WriteString("host", Environment.MachineName);
            writer.WriteString("process", Path.GetFileNameWithoutExtension(Environment.ProcessPath));
            writer.WriteStartArray("alerts");
            foreach (Alert alert in alerts)
            {
                writer.WriteStartObject();
                JsonLines.WriteTimestamp(writer, alert.Timestamp);
                writer.WriteString("status", alert.IsResolved ? "resolved" : "firing");
                AlertFile.WriteFields(writer, alert);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    // Sign each attempt anew, because the receiver refuses an old signature.
    private void Sign(HttpRequestHeaders headers, ReadOnlySpan<byte> body)
    {
        string time = _timeProvider.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key!);
        hash.AppendData(Encoding.ASCII.GetBytes(time + "."));
        hash.AppendData(body);
        headers.Add(SignatureHeader, $"t={time},v1={Convert.ToHexStringLower(hash.GetHashAndReset())}");
    }
}
