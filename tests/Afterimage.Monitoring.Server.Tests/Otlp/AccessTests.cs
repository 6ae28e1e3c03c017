using System.Net;
using System.Text;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>Who may send, and how much.</summary>
public sealed class AccessTests : IDisposable
{
    private const string Key = "correct horse battery staple";

    private static readonly IPAddress Elsewhere = IPAddress.Parse("192.0.2.7");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(null, null, HttpStatusCode.Unauthorized)]
    [InlineData("x-otlp-api-key", Key, HttpStatusCode.OK)]
    [InlineData("Authorization", "Bearer " + Key, HttpStatusCode.OK)]
    [InlineData("Authorization", "bearer " + Key, HttpStatusCode.OK)]
    [InlineData("Authorization", "Basic " + Key, HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Bearer ", HttpStatusCode.Unauthorized)]
    [InlineData("x-otlp-api-key", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("x-otlp-api-key", "", HttpStatusCode.Unauthorized)]
    public async Task Where_there_is_a_key_only_requests_with_it_are_taken(string? name, string? value, HttpStatusCode expected)
    {
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path, options => options.Key = Key);
        (string, string)[] headers = name is null ? [] : [(name, value!)];
        byte[] body = new ExportRequest().Chat(1, 1).Json();
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", body, "application/json", null, headers);
        Assert.Equal(expected, response.StatusCode);
        Assert.DoesNotContain(Key, await response.Content.ReadAsStringAsync(OtlpServer.Token), StringComparison.Ordinal);

        bool isTaken = expected == HttpStatusCode.OK;
        Assert.Equal(isTaken ? 0 : 1, server.Statistics.RefusedUnauthorized);
        Assert.Equal(isTaken ? 1 : 0, server.Records().Count);
        Assert.Equal(isTaken ? "0" : "16", (await GrpcCall.SendAsync(server.GrpcEndpoint, [], false, headers)).Status);
    }

    [Fact]
    public async Task Requests_from_elsewhere_are_refused_where_there_is_no_key()
    {
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path, remoteAddress: Elsewhere);
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", []);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("16", (await GrpcCall.SendAsync(server.GrpcEndpoint, [])).Status);
    }

    [Fact]
    public async Task Requests_from_elsewhere_with_the_key_are_taken()
    {
        await using OtlpServer server = await OtlpServer.StartAsync(
            _directory.Path,
            options => options.Key = Key,
            remoteAddress: Elsewhere);
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", [], headers: ("x-otlp-api-key", Key));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("https://example.com")]
    [InlineData("null")]
    [InlineData("http://localhost:4318")]
    public async Task Requests_of_a_browser_are_refused_with_the_key_too(string origin)
    {
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path, options => options.Key = Key);
        (string, string)[] headers = [("Origin", origin), ("x-otlp-api-key", Key)];
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", [], headers: headers);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("7", (await GrpcCall.SendAsync(server.GrpcEndpoint, [], false, headers)).Status);
        Assert.Equal(2, server.Statistics.RefusedOrigin);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_for_good()
    {
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path, options => options.MaxRequestBytes = 1024);
        byte[] body = new byte[1025];
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", body);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Null(response.Headers.RetryAfter);
        GrpcAnswer answer = await GrpcCall.SendAsync(server.GrpcEndpoint, body);
        Assert.Equal("8", answer.Status);
        Assert.Null(answer.Details);
        Assert.Equal(2, server.Statistics.RefusedTooLarge);
        Assert.Equal(0, server.Receiver.Budget.Used);
    }

    [Fact]
    public async Task A_body_that_unpacks_beyond_the_limit_is_refused_for_good()
    {
        await using OtlpServer server = await OtlpServer.StartAsync(
            _directory.Path,
            options => options.MaxDecompressedBytes = options.MaxRequestBytes = 1 << 20);
        byte[] bomb = new byte[64 << 20];
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", GrpcCall.Gzip(bomb), encoding: "gzip");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("8", (await GrpcCall.SendAsync(server.GrpcEndpoint, bomb, isPacked: true)).Status);
        Assert.Equal(0, server.Receiver.Budget.Used);
    }

    [Fact]
    public async Task Bodies_beyond_what_is_taken_at_once_may_be_sent_again()
    {
        await using OtlpServer server = await OtlpServer.StartAsync(
            _directory.Path,
            options => options.MaxBytesInFlight = options.MaxDecompressedBytes = options.MaxRequestBytes = 1 << 20);
        Assert.True(server.Receiver.Budget.TryTake(1 << 20));
        byte[] body = new ExportRequest().Chat(1, 1).Json();
        using (HttpResponseMessage response = await server.PostAsync("/v1/traces", body, "application/json"))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        }

        GrpcAnswer answer = await GrpcCall.SendAsync(server.GrpcEndpoint, []);
        Assert.Equal("8", answer.Status);
        Assert.NotNull(answer.Details);

        server.Receiver.Budget.Give(1 << 20);
        await server.TakeAsync(new ExportRequest().Chat(1, 1));
        Assert.Single(server.Records());
    }

    [Fact]
    public async Task Senders_and_held_spans_beyond_the_limit_may_be_sent_again()
    {
        await using OtlpServer server = await OtlpServer.StartAsync(
            _directory.Path,
            options =>
            {
                options.MaxSenders = 1;
                options.MaxHeldSpans = 1;
                options.HoldTime = TimeSpan.FromMinutes(10);
            });
        await server.TakeAsync(new ExportRequest("a").Chat(1, 1, parent: 9));
        foreach (ExportRequest request in new[] { new ExportRequest("a").Chat(2, 2, parent: 9), new ExportRequest("b").Chat(2, 2) })
        {
            using HttpResponseMessage response = await server.PostAsync("/v1/traces", request.Json(), "application/json");
            Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        }

        Assert.Equal(2, server.Statistics.RefusedBusy);
    }

    [Theory]
    [InlineData("{\"resourceSpans\":[", "application/json", null, HttpStatusCode.BadRequest)]
    [InlineData("[]", "application/json", null, HttpStatusCode.BadRequest)]
    [InlineData("{} {}", "application/json", null, HttpStatusCode.BadRequest)]
    [InlineData("no protobuf", "application/x-protobuf", null, HttpStatusCode.BadRequest)]
    [InlineData("no gzip", "application/x-protobuf", "gzip", HttpStatusCode.BadRequest)]
    [InlineData("no gzip", "application/x-protobuf", "GZIP", HttpStatusCode.BadRequest)]
    [InlineData("", "application/x-protobuf", "br", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("", "text/plain", null, HttpStatusCode.UnsupportedMediaType)]
    [InlineData("{}", "application/json; charset=utf-8", null, HttpStatusCode.OK)]
    [InlineData("", "application/x-protobuf", null, HttpStatusCode.OK)]
    public async Task A_body_that_is_not_of_its_format_is_refused(string body, string type, string? encoding, HttpStatusCode expected)
    {
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (encoding is not null)
            content.Headers.ContentEncoding.Add(encoding);
        using HttpResponseMessage response = await server.Client.PostAsync(
            new Uri("/v1/traces", UriKind.Relative),
            content,
            OtlpServer.Token);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? 0 : 1, server.Statistics.RefusedMalformed);
    }

    [Fact]
    public async Task A_gRPC_message_that_is_cut_off_is_refused()
    {
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path);
        Assert.Equal("3", (await GrpcCall.SendFramedAsync(server.GrpcEndpoint, [0, 0, 0, 0, 9, 1])).Status);
        Assert.Equal("3", (await GrpcCall.SendFramedAsync(server.GrpcEndpoint, [0])).Status);
        Assert.Equal("0", (await GrpcCall.SendAsync(server.GrpcEndpoint, [], isPacked: true)).Status);
    }

    [Fact]
    public async Task Records_that_cannot_be_written_are_not_acknowledged()
    {
        // A file is where the directory of runs would be.
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Write("root", "no directory"));
        byte[] body = new ExportRequest().Chat(1, 1).Json();
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", body, "application/json");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }
}
