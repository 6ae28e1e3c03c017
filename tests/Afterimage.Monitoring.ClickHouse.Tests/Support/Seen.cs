namespace Afterimage.Monitoring.ClickHouse.Tests.Support;

/// <summary>What a shipper has said of itself.</summary>
internal sealed class Seen : IProgress<ShippingStatus>, IDisposable
{
    private readonly SemaphoreSlim _more = new(0);

    public ShippingStatus Last { get; private set; } = new();

    public void Report(ShippingStatus value)
    {
        Last = value;
        _more.Release();
    }

    public void Dispose() => _more.Dispose();

    /// <summary>Waits until it says something, or fails.</summary>
    public async Task UntilAsync(Func<ShippingStatus, bool> condition, Task shipping)
    {
        while (!condition(Last))
        {
            if (shipping.IsCompleted)
                await shipping;
            await _more.WaitAsync(TestContext.Current.CancellationToken);
        }
    }
}
