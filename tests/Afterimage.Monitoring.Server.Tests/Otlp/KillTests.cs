using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>A server that is killed loses nothing that it acknowledged, and counts nothing twice when senders send again.</summary>
public sealed class KillTests : IDisposable
{
    private const int Senders = 3;
    private const int CallsInRequest = 20;

    private static readonly int Kills = EnvironmentNumber.Of("AFTERIMAGE_KILLS", 25);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(600)]
    [InlineData(0)]
    public async Task What_was_acknowledged_survives_the_kill_exactly_once_whether_it_was_held_or_not(int secondsHeld)
    {
        var random = new Random(secondsHeld + 1);
        Sender[] senders = [.. Enumerable.Range(0, Senders).Select(number => new Sender(number))];
        for (int life = 0; life < Kills; life++)
        {
            using ServerLife server = await ServerLife.StartAsync(_directory.Path, secondsHeld);
            var isEnough = new TaskCompletionSource();
            int enough = random.Next(1, 12);
            int acknowledged = 0;
            Task sending = Task.WhenAll(senders.Select(sender => sender.SendAsync(server.Address, () =>
            {
                if (Interlocked.Increment(ref acknowledged) == enough)
                    isEnough.TrySetResult();
            })));

            // The others' requests are under way then.
            await isEnough.Task.WaitAsync(OtlpServer.Token);
            server.Kill();
            await sending;
        }

        using (ServerLife server = await ServerLife.StartAsync(_directory.Path, secondsHeld))
        {
            // As exporters do with what was not acknowledged.
            foreach (Sender sender in senders)
                await sender.FinishAsync(server.Address);
            await server.StopAsync();
        }

        IReadOnlyList<JsonElement> records = OtlpServer.RecordsIn(_directory.Path);
        string?[] ids = [.. records.Select(record => record.Text("id"))];
        string[] calls = [.. senders.SelectMany(sender => sender.Calls)];
        Assert.True(calls.Length >= Kills * CallsInRequest);
        Assert.Empty(calls.Except(ids));
        Assert.Empty(ids.GroupBy(id => id).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.Equal(calls.Length, ids.Length);
        Assert.Equal(10 * calls.Length, records.Sum(record => record.Count("prompt_token_count")));
        Assert.Equal(Senders, Directory.GetDirectories(_directory.Path).Length);
    }

    /// <summary>A program that exports: each request has calls of its own, most of them below spans that come later or never.</summary>
    private sealed class Sender(int number)
    {
        private readonly List<string> _calls = [];
        private int _span;
        private byte[]? _unacknowledged;
        private List<(int Span, string Id)> _open = [];

        /// <summary>The calls of all requests that were made.</summary>
        public IReadOnlyList<string> Calls => _calls;

        /// <summary>Sends until the server is killed.</summary>
        public async Task SendAsync(Uri server, Action acknowledged)
        {
            using var client = new HttpClient { BaseAddress = server };
            try
            {
                while (true)
                {
                    await SendAsync(client, _unacknowledged ??= Next());
                    _unacknowledged = null;
                    acknowledged();
                }
            }
            catch (HttpRequestException)
            {
                // It is sent again to the next.
            }
        }

        public async Task FinishAsync(Uri server)
        {
            using var client = new HttpClient { BaseAddress = server };
            await SendAsync(client, _unacknowledged ??= Next());
        }

        private static async Task SendAsync(HttpClient client, byte[] body)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage response = await client.PostAsync(
                new Uri("/v1/traces", UriKind.Relative),
                content,
                OtlpServer.Token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        private byte[] Next()
        {
            var request = new ExportRequest("sender", $"{number}");
            int trace = number + 1;
            foreach ((int span, string id) in _open)
                request.Chat(trace, span, id: id, tokens: null);
            _open = [];
            for (int i = 0; i < CallsInRequest; i++)
            {
                string id = $"{number}-{++_span}";
                _calls.Add(id);
                if (i % 3 == 0)
                {
                    request.Chat(trace, _span, id: id);
                    continue;
                }

                // Below one that comes with the next request and tells of the same call, but not of its usage; or never comes.
                request.Chat(trace, _span, parent: _span + 1, id: id);
                _span++;
                if (i % 3 == 1)
                    _open.Add((_span, id));
            }

            return request.Json();
        }
    }

    private sealed class ServerLife : IDisposable
    {
        private readonly Process _process;

        private ServerLife(Process process, Uri address)
        {
            _process = process;
            Address = address;
        }

        public Uri Address { get; }

        public static async Task<ServerLife> StartAsync(string root, int secondsHeld)
        {
            string program = Path.Combine(AppContext.BaseDirectory, "Afterimage.OtlpProgram" + (OperatingSystem.IsWindows() ? ".exe" : ""));
            Process process = Process.Start(
                new ProcessStartInfo(program, [root, secondsHeld.ToString(CultureInfo.InvariantCulture)])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                })!;
            string? address = await process.StandardOutput.ReadLineAsync(OtlpServer.Token);
            Assert.NotNull(address);
            return new ServerLife(process, new Uri(address));
        }

        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public async Task StopAsync()
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync(OtlpServer.Token);
            Assert.Equal(0, _process.ExitCode);
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
