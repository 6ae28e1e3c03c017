using System.Net;
using System.Net.Sockets;

namespace Afterimage.Monitoring.Extensions.Alerts.Tests.Support;

/// <summary>A port of 127.0.0.1 that refuses connections, and that nobody else can open meanwhile.</summary>
internal sealed class ClosedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ClosedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public int Number => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public void Dispose() => _socket.Dispose();
}
