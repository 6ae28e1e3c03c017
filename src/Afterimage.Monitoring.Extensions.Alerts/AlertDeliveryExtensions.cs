using Afterimage.Monitoring.Delivery;
using Afterimage.Monitoring.Settings;
using MailKit.Net.Smtp;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring;

/// <summary>Adds handlers that deliver alerts to <see cref="GenerationMonitorOptions.AlertHandlers"/>.</summary>
/// <remarks>
/// Each belongs to the monitor that is made with the options: it delivers on a thread of its own, is given
/// <see cref="GenerationMonitorOptions.ShutdownTimeout"/> to finish at disposal, and does nothing afterwards. What could not be delivered
/// is counted in <see cref="MonitorStatistics.AlertHandlers"/> and said in the log.
/// </remarks>
public static class AlertDeliveryExtensions
{
    /// <summary>Posts alerts as JSON to a web address.</summary>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="options">The settings.</param>
    /// <param name="client">What to send with; it stays yours. Default: one that follows no redirect, ended with the monitor.</param>
    /// <param name="timeProvider">The clock of retries, time limits and signatures. Default: the system's.</param>
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

    /// <summary>Brings alerts to a Prometheus Alertmanager.</summary>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="options">The settings. <see cref="HttpAlertOptions.Url"/> is Alertmanager's, such as
    /// <c>http://localhost:9093</c>.</param>
    /// <param name="client">What to send with; it stays yours. Default: one that follows no redirect, ended with the monitor.</param>
    /// <param name="timeProvider">The clock of retries, time limits and of what goes on. Default: the system's.</param>
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

    /// <summary>Sends alerts by e-mail.</summary>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="options">The settings.</param>
    /// <param name="makeClient">Makes MailKit's client for each attempt, for what the settings do not have, such as a certificate or a
    /// proxy. Default: the plain one.</param>
    /// <param name="timeProvider">The clock of retries, time limits and the mail's date. Default: the system's.</param>
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

    /// <summary>Adds the handlers that a configuration names.</summary>
    /// <remarks>
    /// The section has the lists <c>Webhooks</c>, <c>Alertmanagers</c> and <c>Mail</c>, whose members have the properties of the options,
    /// and <c>Console</c>, true or false. Times are seconds or <c>hh:mm:ss</c>; headers and labels are lists of <c>Name</c> and
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
