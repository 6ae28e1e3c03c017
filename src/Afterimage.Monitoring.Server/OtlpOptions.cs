namespace Afterimage.Monitoring;

/// <summary>Settings of the endpoints that receive the OpenTelemetry protocol (OTLP). They are read once, when the services of the
/// endpoints are created.</summary>
/// <remarks>Received data is recorded by an ordinary <see cref="GenerationMonitor"/> for each sender. A sender is identified by
/// <c>service.name</c> and <c>service.instance.id</c> of its resource.</remarks>
public sealed class OtlpOptions
{
    /// <summary>The directory below which the run of each sender has a directory of its own. Default: <c>.afterimage-monitoring</c>. Must
    /// not be null or empty.</summary>
    public string RootDirectory { get; set; } = ".afterimage-monitoring";

    /// <summary>The key that senders must give, as the header <c>x-otlp-api-key</c> or as <c>Authorization: Bearer</c>. Default:
    /// <see langword="null"/>, no key is needed on loopback, and requests from elsewhere are refused.</summary>
    public string? Key { get; set; }

    /// <summary>The maximum size of a request body as received, in bytes. Default: 16 MiB. Must be at least 1,024.</summary>
    public int MaxRequestBytes { get; set; } = 16 << 20;

    /// <summary>The maximum size of a request body after decompression, in bytes. Default: 64 MiB. Must be at least
    /// <see cref="MaxRequestBytes"/>.</summary>
    public int MaxDecompressedBytes { get; set; } = 64 << 20;

    /// <summary>The maximum total size of the bodies of all requests in progress, in bytes. A request beyond it is refused and may be sent
    /// again (429, <c>RESOURCE_EXHAUSTED</c>). Default: 256 MiB. Must be at least <see cref="MaxDecompressedBytes"/>.</summary>
    public long MaxBytesInFlight { get; set; } = 256 << 20;

    /// <summary>The maximum number of senders whose runs are open at the same time. Spans of further senders are refused and may be sent
    /// again, until the run of another sender has ended. Default: 100. Must be at least 1.</summary>
    public int MaxSenders { get; set; } = 100;

    /// <summary>The maximum number of generations, of all senders, that are waiting for the spans above them. Requests with spans beyond it
    /// are refused and may be sent again. Default: 200,000. Must be at least 1.</summary>
    public int MaxHeldSpans { get; set; } = 200_000;

    /// <summary>How long a generation waits for the spans above it, which end later and may describe the same call. It cannot be lost
    /// meanwhile: acknowledged data is on the disk. Default: 5 s. Must be from zero to 10 minutes.</summary>
    public TimeSpan HoldTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a sender may be silent before its run ends. When it sends again, the run continues in the same directory. Default:
    /// 10 minutes. Must be more than zero and at most 24 days.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The number of spans that are remembered, so that a body that is sent again is not counted again. Default: 1,000,000, some
    /// 50 MB. Must be at least 1,024.</summary>
    public int RememberedSpans { get; set; } = 1_000_000;

    /// <summary>A callback that configures the monitor of a sender: prices, alert rules and handlers, budgets. It is called when the run of
    /// a sender begins. It must not change the log directory or the handlers that write it. Default: <see langword="null"/>, the defaults
    /// of <see cref="GenerationMonitorOptions"/>.</summary>
    public Action<GenerationMonitorOptions>? ConfigureMonitor { get; set; }

    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(RootDirectory);
        if (Key is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(Key);
            if (!HeaderText.IsPrintable(Key))
                throw new ArgumentException("The key must contain only printable ASCII, because it is sent in a header.", nameof(Key));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequestBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDecompressedBytes, MaxRequestBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytesInFlight, MaxDecompressedBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSenders, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxHeldSpans, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HoldTime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(HoldTime, TimeSpan.FromMinutes(10));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdleTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(IdleTimeout, TimeSpan.FromDays(24));
        ArgumentOutOfRangeException.ThrowIfLessThan(RememberedSpans, 1024);
    }
}
