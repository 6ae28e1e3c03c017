namespace Afterimage.Monitoring;

/// <summary>A selection of the records in a fleet. All conditions that are set apply together.</summary>
public sealed record FleetFilter
{
    /// <summary>The earliest time stamp (inclusive). Default: no bound.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The end of the time stamps (exclusive). Default: no bound.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The run: its ID, or its name (<see cref="FleetRun.Name"/>). If several runs have that name, such as runs of several
    /// machines, all of them are selected. Default: all runs.</summary>
    public string? Run { get; init; }

    /// <summary>The machine that runs were made on. Default: all machines.</summary>
    public string? Host { get; init; }

    /// <summary>The service that runs belong to (<see cref="ShippingOptions.Service"/>). Default: all services.</summary>
    public string? Service { get; init; }

    /// <summary>The model. It selects records; alerts have none. Default: all models.</summary>
    public string? ModelName { get; init; }

    /// <summary>The key and the value of a tag. They select records; alerts have none. Default: no tag.</summary>
    public KeyValuePair<string, string>? Tag { get; init; }

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentException">A setting is not valid; the message names it.</exception>
    internal void Validate()
    {
        if (Since >= Until)
            throw new ArgumentException("Since must be before Until.", nameof(Since));
        if (Tag is { Key: null or "" } or { Value: null })
            throw new ArgumentException("Tag must have a key and a value.", nameof(Tag));
    }
}
