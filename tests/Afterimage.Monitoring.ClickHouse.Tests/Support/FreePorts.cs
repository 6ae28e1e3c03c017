using System.Net;
using System.Net.Sockets;

namespace Afterimage.Monitoring.ClickHouse.Tests.Support;

/// <summary>Ports of 127.0.0.1 that are free.</summary>
internal static class FreePorts
{
    public static int[] Take(int count)
    {
        // Held together, so that none is given out twice.
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
            listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners)
            listener.Dispose();
        return ports;
    }
}
