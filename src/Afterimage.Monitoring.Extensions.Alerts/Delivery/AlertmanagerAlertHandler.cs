using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring.Delivery;

/// <summary>Sends firing alerts to an Alertmanager repeatedly, and also the ends of alerts.</summary>
internal sealed class AlertmanagerAlertHandler : IAlertHandler, IDisposable
{
    private readonly AlertmanagerOptions _options;
    private readonly Dictionary<string, string> _labels;
    private readonly AlertPost _post;
    private readonly LevelFilter _filter;
    private readonly TimeProvider _timeProvider;
    private readonly List<Told> _told = [];
    private long _sentAt;
    private bool _isUnsent;

    public AlertmanagerAlertHandler(AlertmanagerOptions options, HttpClient? client, TimeProvider timeProvider)
    {
        _options = (AlertmanagerOptions)options.Copy();
        _labels = new Dictionary<string, string>(options.Labels, StringComparer.Ordinal);
        _post = new AlertPost(
            options,
            new Uri(options.Url!.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/api/v2/alerts"),
            client,
            timeProvider);
        _filter = new LevelFilter(options.MinimumLevel);
        _timeProvider = timeProvider;
    }

    public bool HearsEveryEvaluation => true;

    // An alert is sent again at the first evaluation after the resend interval. That must be before Alertmanager treats it as over.
    public TimeSpan? MaxMetricsInterval => _options.ResolveTimeout - _options.ResendInterval;

    public async ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
    {
        foreach (Alert alert in _filter.Filter(alerts))
        {
            Take(alert);
            _isUnsent = true;
        }

        if (_told.Count == 0 || (!_isUnsent && _timeProvider.GetElapsedTime(_sentAt) < _options.ResendInterval))
            return;

        // Alerts that were not accepted are sent again at the next evaluation.
        _isUnsent = true;
        await _post.SendAsync(Body(), sign: null, cancellationToken).ConfigureAwait(false);
        _isUnsent = false;
        _sentAt = _timeProvider.GetTimestamp();
        _told.RemoveAll(told => told.End is not null);
    }

    public void Dispose() => _post.Dispose();

    // Alertmanager identifies an alert by its labels, which include the level. At another level it is another alert, and the previous one
    // is over.
    private void Take(Alert alert)
    {
        int index = _told.FindIndex(told => told.End is null && told.Alert.Name == alert.Name);
        if (alert.IsResolved || (index >= 0 && _told[index].Alert.Level != alert.Level))
        {
            if (index >= 0)
                _told[index] = _told[index] with { End = alert.Timestamp };
            index = -1;
        }

        if (alert.IsResolved)
            return;
        if (index >= 0)
            _told[index] = _told[index] with { Alert = alert };
        else
            _told.Add(new Told(alert, alert.Timestamp, End: null));
    }

    private ReadOnlyMemory<byte> Body()
    {
        DateTimeOffset now = _timeProvider.GetUtcNow();
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartArray();
            foreach ((Alert alert, DateTimeOffset start, DateTimeOffset? end) in _told)
            {
                writer.WriteStartObject();
                WriteTexts(writer, "labels", Labels(alert));
                WriteTexts(writer, "annotations", Annotations(alert));
                writer.WriteString("startsAt", start.UtcDateTime);

                // If a clock was set back, the alert must not end before it began: Alertmanager would refuse all alerts in the request.
                DateTimeOffset endsAt = end ?? now + _options.ResolveTimeout;
                writer.WriteString("endsAt", (endsAt > start ? endsAt : start).UtcDateTime);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return body.WrittenMemory;
    }

    private Dictionary<string, string> Labels(Alert alert)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["alertname"] = alert.Name,
            ["severity"] = alert.Level.ToString().ToLowerInvariant(),
            ["instance"] = Environment.MachineName,
        };
        foreach ((string name, string value) in _labels)
            labels[name] = value;
        return labels;
    }

    private static IEnumerable<KeyValuePair<string, string>> Annotations(Alert alert) =>
        alert.Data.Where(fact => fact.Key != "summary" && fact.Value is not null && AlertmanagerOptions.IsLabelName(fact.Key))
            .Select(fact => KeyValuePair.Create(fact.Key, Convert.ToString(fact.Value, CultureInfo.InvariantCulture)!))
            .Prepend(KeyValuePair.Create("summary", alert.Message));

    private static void WriteTexts(Utf8JsonWriter writer, string name, IEnumerable<KeyValuePair<string, string>> texts)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string text) in texts)
            writer.WriteString(key, text);
        writer.WriteEndObject();
    }

    private readonly record struct Told(Alert Alert, DateTimeOffset Start, DateTimeOffset? End);
}
