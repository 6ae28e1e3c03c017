using Afterimage.Monitoring.Settings;

namespace Afterimage.Monitoring.Delivery;

/// <summary>Reads alert handlers from configuration.</summary>
internal static class DeliverySettings
{
    public static IReadOnlyList<Action<IList<IAlertHandler>>> Read(SettingsNode settings)
    {
        List<Action<IList<IAlertHandler>>> adds = [];
        switch (settings.Text("console")?.ToLowerInvariant())
        {
            case "true":
                adds.Add(handlers => handlers.AddConsole());
                break;
            case null or "false":
                break;
            default:
                throw settings.Wrong("console", "must be true or false.");
        }

        foreach (SettingsNode node in settings.List("webhooks"))
        {
            var options = new WebhookAlertOptions { Secret = node.Text("secret") };
            ReadHttp(node, options);
            Finish(node, options);
            adds.Add(handlers => handlers.AddWebhook(options));
        }

        foreach (SettingsNode node in settings.List("alertmanagers"))
        {
            var options = new AlertmanagerOptions();
            ReadHttp(node, options);
            options.ResendInterval = node.Time("resend_interval") ?? options.ResendInterval;
            options.ResolveTimeout = node.Time("resolve_timeout") ?? options.ResolveTimeout;
            ReadPairs(node, "labels", options.Labels);
            Finish(node, options);
            adds.Add(handlers => handlers.AddAlertmanager(options));
        }

        foreach (SettingsNode node in settings.List("mail"))
        {
            var options = new MailAlertOptions
            {
                Host = node.RequiredText("host"),
                From = node.RequiredText("from"),
                UserName = node.Text("user_name"),
                Password = node.Text("password"),
            };
            options.Port = (int)Math.Clamp(node.Whole("port") ?? options.Port, int.MinValue, int.MaxValue);
            options.Security = node.Choice<MailSecurity>("security") ?? options.Security;
            options.SubjectPrefix = node.Text("subject_prefix") ?? options.SubjectPrefix;
            foreach (string address in node.Texts("to"))
                options.To.Add(address);
            Finish(node, options);
            adds.Add(handlers => handlers.AddMail(options));
        }

        settings.RefuseOthers();
        return adds;
    }

    private static void ReadHttp(SettingsNode node, HttpAlertOptions options)
    {
        options.Url = Uri.TryCreate(node.RequiredText("url"), UriKind.Absolute, out Uri? url)
            ? url
            : throw node.Wrong("url", "must be an absolute http or https URL.");
        ReadPairs(node, "headers", options.Headers);
    }

    private static void ReadPairs(SettingsNode node, string key, IDictionary<string, string> pairs)
    {
        foreach (SettingsNode pair in node.List(key))
        {
            pairs[pair.RequiredText("name")] = pair.RequiredText("value");
            pair.RefuseOthers();
        }
    }

    private static void Finish(SettingsNode node, AlertDeliveryOptions options)
    {
        options.MinimumLevel = node.Choice<AlertLevel>("minimum_level") ?? options.MinimumLevel;
        options.AttemptTimeout = node.Time("attempt_timeout") ?? options.AttemptTimeout;
        options.RetryCount = (int)Math.Clamp(node.Whole("retry_count") ?? options.RetryCount, int.MinValue, int.MaxValue);
        options.RetryDelay = node.Time("retry_delay") ?? options.RetryDelay;
        node.RefuseOthers();
        try
        {
            options.Validate();
        }
        catch (ArgumentException fault)
        {
            // The sentence of the exception begins with the name of the setting.
            throw node.Wrong(
                fault.ParamName!,
                fault.Message[(fault.ParamName!.Length + 1)..].Replace($" (Parameter '{fault.ParamName}')", "", StringComparison.Ordinal));
        }
    }
}
