using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MimeKit;
using SmtpServer;
using SmtpServer.Authentication;
using SmtpServer.ComponentModel;
using SmtpServer.Net;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace Afterimage.Monitoring.Extensions.Alerts.Tests.Support;

/// <summary>A real mail server on 127.0.0.1 that keeps what it takes.</summary>
internal sealed class MailServer : IAsyncDisposable
{
    private readonly SmtpServer.SmtpServer _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private int _attempts;

    /// <param name="certificate">Of TLS. Default: none is offered.</param>
    /// <param name="isTls">Whether TLS is from the first byte on.</param>
    /// <param name="password">What users must log in with. Default: they need not.</param>
    /// <param name="answer">Answers the mail of a number, from 1 on. Default: it is taken.</param>
    public MailServer(
        X509Certificate2? certificate = null,
        bool isTls = false,
        string? password = null,
        Func<int, SmtpResponse>? answer = null)
    {
        var options = new SmtpServerOptionsBuilder()
            .ServerName("localhost")
            .Endpoint(endpoint =>
            {
                endpoint
                    .Endpoint(new IPEndPoint(IPAddress.Loopback, 0))
                    .IsSecure(isTls)
                    .AuthenticationRequired(password is not null)
                    .AllowUnsecureAuthentication(false);
                if (certificate is not null)
                    endpoint.Certificate(certificate);
            })
            .Build();
        var services = new ServiceProvider();
        var listening = new EndpointListenerFactory();
        listening.EndpointStarted += (_, e) => Port = ((IPEndPoint)e.LocalEndPoint).Port;
        services.Add(listening);
        services.Add(new Store(this, answer ?? (_ => SmtpResponse.Ok)));
        if (password is not null)
            services.Add(new Users(password));
        _server = new SmtpServer.SmtpServer(options, services);
        _running = _server.StartAsync(_stop.Token);
        Assert.NotEqual(0, Port);
    }

    public int Port { get; private set; }

    public int Attempts => Volatile.Read(ref _attempts);

    public ConcurrentQueue<MimeMessage> Mails { get; } = new();

    /// <summary>As they came, line by line.</summary>
    public ConcurrentQueue<string> Raw { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
        }

        _stop.Dispose();
    }

    private sealed class Store(MailServer server, Func<int, SmtpResponse> answer) : MessageStore
    {
        public override async Task<SmtpResponse> SaveAsync(
            ISessionContext context,
            IMessageTransaction transaction,
            ReadOnlySequence<byte> buffer,
            CancellationToken cancellationToken)
        {
            SmtpResponse response = answer(Interlocked.Increment(ref server._attempts));
            if (response.ReplyCode == SmtpReplyCode.Ok)
            {
                byte[] bytes = buffer.ToArray();
                server.Raw.Enqueue(System.Text.Encoding.UTF8.GetString(bytes));
                server.Mails.Enqueue(await MimeMessage.LoadAsync(new MemoryStream(bytes), cancellationToken));
            }

            return response;
        }
    }

    private sealed class Users(string expected) : UserAuthenticator
    {
        public override Task<bool> AuthenticateAsync(
            ISessionContext context,
            string user,
            string password,
            CancellationToken cancellationToken) => Task.FromResult(user == "afterimage" && password == expected);
    }
}
