using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Afterimage.Monitoring.Alerts;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Afterimage.Monitoring.Delivery;

/// <summary>Sends alerts by e-mail. Alerts from the same call are sent in one mail.</summary>
internal sealed class MailAlertHandler : IAlertHandler
{
    private const int MaxSubject = 150;

    private readonly MailAlertOptions _options;
    private readonly MailboxAddress _from;
    private readonly MailboxAddress[] _to;
    private readonly DeliveryPipeline _pipeline;
    private readonly LevelFilter _filter;
    private readonly Func<SmtpClient> _makeClient;
    private readonly TimeProvider _timeProvider;

    public MailAlertHandler(MailAlertOptions options, Func<SmtpClient>? makeClient, TimeProvider timeProvider)
    {
        _options = (MailAlertOptions)options.Copy();
        _from = MailboxAddress.Parse(options.From);
        _to = [.. options.To.Select(MailboxAddress.Parse)];
        _pipeline = new DeliveryPipeline(options, timeProvider);
        _filter = new LevelFilter(options.MinimumLevel);
        _makeClient = makeClient ?? (() => new SmtpClient());
        _timeProvider = timeProvider;
    }

    public async ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
    {
        alerts = _filter.Filter(alerts);
        if (alerts.Count == 0)
            return;

        using MimeMessage mail = Mail(alerts);
        await _pipeline.RunAsync(_options.Host, token => AttemptAsync(mail, token), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask AttemptAsync(MimeMessage mail, CancellationToken cancellationToken)
    {
        try
        {
            using SmtpClient client = _makeClient();
            await client.ConnectAsync(
                _options.Host,
                _options.Port,
                _options.Security switch
                {
                    MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
                    MailSecurity.None => SecureSocketOptions.None,
                    _ => SecureSocketOptions.StartTls,
                },
                cancellationToken).ConfigureAwait(false);
            if (_options is { UserName: { Length: > 0 } userName, Password: { } password })
                await client.AuthenticateAsync(userName, password, cancellationToken).ConfigureAwait(false);
            await client.SendAsync(mail, cancellationToken).ConfigureAwait(false);
            await client.DisconnectAsync(quit: true, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception
                    is CommandException
                        or ProtocolException
                        or SslHandshakeException
                        or AuthenticationException
                        or ServiceNotAuthenticatedException
                        or ServiceNotConnectedException
                        or SocketException
                        or IOException
                        or NotSupportedException)
        {
            bool isTransient = exception switch
            {
                SmtpCommandException refusal => (int)refusal.StatusCode is >= 400 and < 500,
                ProtocolException or ServiceNotConnectedException or SocketException or IOException => true,
                _ => false,
            };
            throw new DeliveryException(
                $"{_options.Host} did not accept the mail: {exception.FirstLine()}",
                isTransient,
                exception);
        }
    }

    private MimeMessage Mail(IReadOnlyList<Alert> alerts)
    {
        var mail = new MimeMessage
        {
            Subject = Subject(alerts),
            Date = _timeProvider.GetUtcNow(),
            Body = new TextPart("plain") { Text = Text(alerts) },
        };
        mail.From.Add(_from);
        mail.To.AddRange(_to);

        // RFC 3834: prevents out-of-office replies.
        mail.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        return mail;
    }

    private string Subject(IReadOnlyList<Alert> alerts)
    {
        string subject = string.Join(
            ", ",
            alerts.Select(alert => $"{(alert.IsResolved ? "over" : alert.Level.ToString().ToLowerInvariant())}: {alert.Name}"));
        if (alerts.Count > 1)
            subject = $"{alerts.Count} alerts: {subject}";
        subject = AlertText.OneLine(string.IsNullOrWhiteSpace(_options.SubjectPrefix) ? subject : $"{_options.SubjectPrefix} {subject}");
        return subject.Length <= MaxSubject ? subject : subject[..(MaxSubject - 1)] + "…";
    }

    private static string Text(IReadOnlyList<Alert> alerts)
    {
        var text = new StringBuilder();
        foreach (Alert alert in alerts)
        {
            text.Append(AlertText.Line(alert)).Append('\n');
            foreach ((string name, object? value) in alert.Data)
                text.Append("    ").Append(AlertText.OneLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {value}"))).Append('\n');
            text.Append('\n');
        }

        return text.Append(
                CultureInfo.InvariantCulture,
                $"{Path.GetFileNameWithoutExtension(Environment.ProcessPath)} on {Environment.MachineName}\n")
            .ToString();
    }
}
