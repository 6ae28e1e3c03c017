using Afterimage.Monitoring.Delivery;
using Afterimage.Monitoring.Settings;
using MailKit.Net.Smtp;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring;

/// <summary>Extension methods that add delivering handlers to <see cref="GenerationMonitorOptions.AlertHandlers"/>.</summary>
/// <remarks>
/// Each handler belongs to the monitor that is created with the options. It delivers alerts on a thread of its own, has
/// <see cref="GenerationMonitorOptions.ShutdownTimeout"/> to finish at disposal, and does nothing afterwards. Alerts that could not be
/// delivered are counted in <see cref="MonitorStatistics.AlertHandlers"/> and reported in the log.
/// </remarks>
public static class AlertDeliveryExtensions
{
    /// <summary>Adds a handler that posts alerts as JSON to a URL.</summary>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="options">The settings.</param>
    /// <param name="client">The HTTP client to use, which the caller must dispose. Default: a client that follows no redirects and is
    /// disposed with the monitor.</param>
    /// <param name="timeProvider">The clock for retries, time limits and signatures. Default: the system clock.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handlers"/> or <paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is missing or out of its range; the exception names it.</exception>
    public static void AddWebhook(
        this IList<IAlertHandler> handlers,
        WebhookAlertOptions options,
        HttpClient? client = null,
        TimeProvider? timeProvider = null)
    {
        Check(handlers, options);
        handlers.Add(new WebhookAlertHandler(options, client, timeProvider ?? TimeProvider.System));
    }

    /// <summary>Adds a handler that sends alerts to a Prometheus Alertmanager.</summary>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="options">The settings. <see cref="HttpAlertOptions.Url"/> is the URL of Alertmanager, such as
    /// <c>http://localhost:9093</c>.</param>
    /// <param name="client">The HTTP client to use, which the caller must dispose. Default: a client that follows no redirects and is
    /// disposed with the monitor.</param>
    /// <param name="timeProvider">The clock for retries, time limits and resending. Default: the system clock.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handlers"/> or <paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is missing or out of its range; the exception names it.</exception>
    public static void AddAlertmanager(
        this IList<IAlertHandler> handlers,
        AlertmanagerOptions options,
        HttpClient? client = null,
        TimeProvider? timeProvider = null)
    {
        Check(handlers, options);
        handlers.Add(new AlertmanagerAlertHandler(options, client, timeProvider ?? TimeProvider.System));
    }

    /// <summary>Adds a handler that sends alerts by e-mail.</summary>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="options">The settings.</param>
    /// <param name="makeClient">Creates the MailKit client for each attempt, for anything that the settings do not cover, such as a
    /// certificate or a proxy. Default: a plain client.</param>
    /// <param name="timeProvider">The clock for retries, time limits and the date of the mail. Default: the system clock.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handlers"/> or <paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is missing or out of its range; the exception names it.</exception>
    public static void AddMail(
        this IList<IAlertHandler> handlers,
        MailAlertOptions options,
        Func<SmtpClient>? makeClient = null,
        TimeProvider? timeProvider = null)
    {
        Check(handlers, options);
        handlers.Add(new MailAlertHandler(options, makeClient, timeProvider ?? TimeProvider.System));
    }

    /// <summary>Adds the handlers that a configuration section defines.</summary>
    /// <remarks>
    /// The section has the lists <c>Webhooks</c>, <c>Alertmanagers</c> and <c>Mail</c>, whose members have the properties of the options,
    /// and <c>Console</c>, which is true or false. Times are in seconds or <c>hh:mm:ss</c>; headers and labels are lists of <c>Name</c> and
    /// <c>Value</c>: <c>{"Console": true, "Webhooks": [{"Url": "https://example.com/hook", "Secret": "…", "MinimumLevel": "Warning"}]}</c>.
    /// </remarks>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="configuration">The section.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="FormatException">A field is wrong or unknown; the exception names it. No handler was added.</exception>
    public static void AddConfigured(this IList<IAlertHandler> handlers, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(handlers);
        ArgumentNullException.ThrowIfNull(configuration);
        foreach (Action<IList<IAlertHandler>> add in DeliverySettings.Read(SettingsNode.Of(configuration)))
            add(handlers);
    }

    private static void Check(IList<IAlertHandler> handlers, AlertDeliveryOptions options)
    {
        ArgumentNullException.ThrowIfNull(handlers);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
    }
}
