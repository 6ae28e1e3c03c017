using System.Net;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>What a full disk does not take is not acknowledged, and is there once when the sender has sent it again.</summary>
public sealed class FullDiskTests
{
    private const int Calls = 200;

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public async Task What_a_full_disk_does_not_take_is_refused_until_there_is_room(int parent)
    {
        using var disk = new SmallDisk(kilobytes: 8192);
        await using OtlpServer server = await OtlpServer.StartAsync(disk.Directory);
        await server.TakeAsync(new ExportRequest().Chat(1, 1));
        var request = new ExportRequest();
        for (int i = 0; i < Calls; i++)
            request.Chat(trace: 2, span: 100 + i, parent: parent, id: $"call-{i}");

        disk.Fill();
        for (int i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await SendAsync(server, request));
        disk.MakeRoom();
        HttpStatusCode status;
        do
        {
            status = await SendAsync(server, request);
        }
        while (status == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, status);
        await server.StopAsync();

        Assert.Equal(Calls + 1, server.Records().Count);
        Assert.Equal(Calls + 1, server.Records().Select(record => record.Text("span_id")).Distinct().Count());
    }

    private static async Task<HttpStatusCode> SendAsync(OtlpServer server, ExportRequest request)
    {
        using HttpResponseMessage response = await server.PostAsync("/v1/traces", request.Json(), "application/json");
        return response.StatusCode;
    }
}
