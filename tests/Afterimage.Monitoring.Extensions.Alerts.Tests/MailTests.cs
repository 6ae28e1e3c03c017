using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using MimeKit;
using SmtpServer.Protocol;
using SmtpResponse = SmtpServer.Protocol.SmtpResponse;

namespace Afterimage.Monitoring.Extensions.Alerts.Tests;

public sealed class MailTests
{
    private const string Password = "correct horse battery staple";

    private static MailAlertOptions To(MailServer server, Action<MailAlertOptions>? configure = null)
    {
        var options = new MailAlertOptions
        {
            Host = "127.0.0.1",
            Port = server.Port,
            Security = MailSecurity.None,
            From = "Alerts <alerts@example.com>",
            To = { "a@example.com", "B <b@example.com>" },
            AttemptTimeout = Limits.Generous,
            RetryDelay = TimeSpan.FromMilliseconds(1),
        };
        configure?.Invoke(options);
        return options;
    }

    private static Func<SmtpClient> Trusting(X509Certificate2 certificate) => () => new SmtpClient
    {
        CheckCertificateRevocation = false,
        ServerCertificateValidationCallback = (_, seen, _, _) => seen?.GetCertHashString() == certificate.GetCertHashString(),
    };

    [Fact]
    public async Task What_one_evaluation_finds_is_one_mail()
    {
        await using var server = new MailServer();
        using var run = new AlertRun(o => o.AlertHandlers.AddMail(To(server)));
        await run.FireAsync();
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), false, new GenerationDetails { Error = "e" });
        await run.CheckAsync();

        MimeMessage[] mails = [.. server.Mails];
        Assert.Equal(2, mails.Length);
        Assert.Equal("[afterimage] warning: high_generation_time", mails[0].Subject);
        Assert.Equal("[afterimage] 2 alerts: warning: low_success_rate, error: high_error_rate", mails[1].Subject);
        Assert.Equal(
            ("\"Alerts\" <alerts@example.com>", "a@example.com, \"B\" <b@example.com>"),
            (mails[0].From.ToString(), mails[0].To.ToString()));
        Assert.Equal("auto-generated", mails[0].Headers[HeaderId.AutoSubmitted]);
        string text = mails[1].TextBody!;
        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ warning low_success_rate: Success rate 50 % is below 80 %", text);
        Assert.Contains("error high_error_rate: Error rate 50 % is above 20 %", text, StringComparison.Ordinal);
        Assert.Contains("    mean: 0.5", text, StringComparison.Ordinal);
        Assert.Contains("on " + Environment.MachineName, text, StringComparison.Ordinal);
        Assert.Equal((3, 0, 0), run.Counts);

        await run.ResolveAsync();
        Assert.StartsWith("[afterimage] 3 alerts: over: low_success_rate, over:", server.Mails.Last().Subject!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_an_alert_becomes_a_header()
    {
        await using var server = new MailServer();
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddMail(To(server, m => m.SubjectPrefix = "x\r\nBcc: evil@example.com"));
            o.AlertRules.Add(new AlertRule
            {
                Name = $"n\r\nBcc: evil@example.com\r\n\r\n.\r\nQUIT\r\n\ud83d\ude42{new string('y', 300)}",
                Metric = "depth",
                Threshold = 1,
                Label = "l\r\n.\r\nMAIL FROM:<evil@example.com>",
                Unit = "\u2028\u202e",
            });
        });
        run.Monitor.RecordMetric("depth", 2);
        await run.CheckAsync();

        MimeMessage mail = Assert.Single(server.Mails);
        Assert.Empty(mail.Bcc);
        Assert.Equal(
            ["Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Message-Id", "Subject", "To"],
            mail.Headers.Concat(mail.Body!.Headers).Select(header => header.Field).Distinct().Order(StringComparer.Ordinal));
        Assert.InRange(mail.Subject!.Length, 1, 150);
        Assert.Contains("\ufffd\ufffdBcc: evil@example.com", mail.Subject, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Assert.Single(server.Raw).Split("\r\n"),
            line => line.StartsWith("Bcc", StringComparison.OrdinalIgnoreCase) || line.StartsWith("MAIL FROM", StringComparison.Ordinal));
        Assert.Equal(1, run.Statistics.Written);
    }

    [Fact]
    public async Task It_logs_in_over_starttls_or_tls()
    {
        using X509Certificate2 certificate = Certificate.Make();
        await using var startTls = new MailServer(certificate, password: Password);
        await using var tls = new MailServer(certificate, isTls: true, password: Password);
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddMail(
                To(startTls, m => (m.Security, m.UserName, m.Password) = (MailSecurity.StartTls, "afterimage", Password)),
                Trusting(certificate));
            o.AlertHandlers.AddMail(
                To(tls, m => (m.Security, m.UserName, m.Password) = (MailSecurity.Tls, "afterimage", Password)),
                Trusting(certificate));
        });
        await run.FireAsync();

        Assert.Equal((1, 1), (startTls.Mails.Count, tls.Mails.Count));
        Assert.Equal(2, run.Monitor.GetStatistics().AlertHandlers.Skip(1).Sum(h => h.Written));
    }

    [Fact]
    public async Task What_will_not_pass_is_not_tried_again_and_says_no_password()
    {
        using X509Certificate2 certificate = Certificate.Make();
        await using var users = new MailServer(certificate, password: Password);
        await using var plain = new MailServer();
        await using var refusing = new MailServer(answer: _ => new SmtpResponse(SmtpReplyCode.MailboxUnavailable, "no such mailbox"));
        int wrongPassword = 0;
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddMail(
                To(users, m => (m.Security, m.UserName, m.Password) = (MailSecurity.StartTls, "afterimage", "wrong-password")),
                () =>
                {
                    wrongPassword++;
                    return Trusting(certificate)();
                });
            o.AlertHandlers.AddMail(To(users, m => (m.Security, m.UserName, m.Password) = (MailSecurity.StartTls, "afterimage", Password)));
            o.AlertHandlers.AddMail(To(plain, m => m.Security = MailSecurity.StartTls));
            o.AlertHandlers.AddMail(To(refusing));
        });
        await run.FireAsync();

        IEnumerable<HandlerStatistics> statistics = run.Monitor.GetStatistics().AlertHandlers.Skip(1);
        Assert.All(statistics, h => Assert.Equal((0, 1, 1), (h.Written, h.Failed, h.Failures)));
        Assert.All(statistics, h => Assert.StartsWith("127.0.0.1 did not accept the mail: ", h.LastError, StringComparison.Ordinal));
        Assert.Equal((1, 1, 0, 0), (wrongPassword, refusing.Attempts, users.Attempts, plain.Attempts));
        string said = run.Written() + string.Concat(statistics.Select(h => h.LastError));
        Assert.Contains("no such mailbox", said, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-password", said, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_pass_is_tried_again()
    {
        await using var server = new MailServer(answer: number =>
            number <= 2 ? new SmtpResponse((SmtpReplyCode)451, "later") : SmtpResponse.Ok);
        using var closed = new ClosedPort();
        int dead = 0;
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddMail(To(server));
            o.AlertHandlers.AddMail(To(server, m => (m.Port, m.RetryCount) = (closed.Number, 2)), () =>
            {
                dead++;
                return new SmtpClient();
            });
        });
        await run.FireAsync();

        Assert.Equal((3, 1), (server.Attempts, run.Statistics.Written));
        Assert.Equal((3, 1), (dead, run.Monitor.GetStatistics().AlertHandlers[2].Failed));
    }

    [Fact]
    public void Settings_out_of_their_range_are_named()
    {
        AssertRefused("Host", m => m.Host = " ");
        AssertRefused("Port", m => m.Port = 0);
        AssertRefused("From", m => m.From = "nobody");
        AssertRefused("From", m => m.From = "a@example.com\r\nBcc: b@example.com");
        AssertRefused("To", m => m.To.Clear());
        AssertRefused("To", m => m.To.Add("x"));
        AssertRefused("Password", m => m.UserName = "u");
        AssertRefused("Security", m => (m.UserName, m.Password) = ("u", "p"));

        static void AssertRefused(string setting, Action<MailAlertOptions> configure)
        {
            var options = new MailAlertOptions
            {
                Host = "localhost",
                Security = MailSecurity.None,
                From = "a@example.com",
                To = { "b@example.com" },
            };
            configure(options);
            Assert.Equal(
                setting,
                Assert.Throws<ArgumentException>(() => new GenerationMonitorOptions().AlertHandlers.AddMail(options)).ParamName);
        }
    }
}
