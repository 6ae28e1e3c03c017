namespace Afterimage.Monitoring;

/// <summary>Settings of the endpoints that take OpenTelemetry's protocol (OTLP). They are read once, when the endpoints' services are
/// made.</summary>
/// <remarks>What comes in is recorded by an ordinary <see cref="GenerationMonitor"/> for each sender, which is told by
/// <c>service.name</c> and <c>service.instance.id</c> of its resource.</remarks>
public sealed class OtlpOptions
{
    /// <summary>The directory below which each sender's run has a directory of its own. Default: <c>.afterimage-monitoring</c>. Must not be
    /// null or empty.</summary>
    public string RootDirectory { get; set; } = ".afterimage-monitoring";

    /// <summary>What senders must give, as header <c>x-otlp-api-key</c> or as <c>Authorization: Bearer</c>. Default:
    /// <see langword="null"/>, no key is needed on loopback, and requests from elsewhere are refused.</summary>
    public string? Key { get; set; }

    /// <summary>The longest body as it comes over the wire, in bytes. Default: 16 MiB. At least 1,024.</summary>
    public int MaxRequestBytes { get; set; } = 16 << 20;

    /// <summary>The longest body after decompression, in bytes. Default: 64 MiB. At least <see cref="MaxRequestBytes"/>.</summary>
    public int MaxDecompressedBytes { get; set; } = 64 << 20;

    /// <summary>What the bodies of all requests that are being worked on may take up together, in bytes. A request beyond it is refused and
    /// may be sent again (429, <c>RESOURCE_EXHAUSTED</c>). Default: 256 MiB. At least <see cref="MaxDecompressedBytes"/>.</summary>
    public long MaxBytesInFlight { get; set; } = 256 << 20;

    /// <summary>Senders whose runs are open at once. Spans of one more are refused and may be sent again, until another sender's run has
    /// ended. Default: 100. At least 1.</summary>
    public int MaxSenders { get; set; } = 100;

    /// <summary>Generations, of all senders, that wait for the spans above them. Requests with spans are refused beyond it and may be sent
    /// again. Default: 200,000. At least 1.</summary>
    public int MaxHeldSpans { get; set; } = 200_000;

    /// <summary>How long a generation waits for the spans above it, which end later and may tell of the same call. It is safe meanwhile:
    /// what was acknowledged is on the disk. Default: 5 s. Zero to 10 minutes.</summary>
    public TimeSpan HoldTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a sender may stay silent before its run ends. It goes on in the same directory when it sends again. Default: 10
    /// minutes. More than zero, at most 24 days.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many spans are remembered, so that a body that is sent again is not counted again. Default: 1,000,000, some 50 MB. At
    /// least 1,024.</summary>
    public int RememberedSpans { get; set; } = 1_000_000;

    /// <summary>Sets up the monitor of a sender: prices, alert rules and handlers, budgets. It is called when a sender's run begins, and
    /// must not change the log directory or the handlers that write it. Default: <see langword="null"/>, the defaults of
    /// <see cref="GenerationMonitorOptions"/>.</summary>
    public Action<GenerationMonitorOptions>? ConfigureMonitor { get; set; }

    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(RootDirectory);
        if (Key is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(Key);
            if (Key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                throw new ArgumentException("The key has a character that is not printable ASCII: no header can carry it.", nameof(Key));
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
