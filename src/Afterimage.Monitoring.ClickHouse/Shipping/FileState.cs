namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>How far a file is.</summary>
/// <param name="table">The table that its lines go to.</param>
/// <param name="name">Its name.</param>
internal sealed class FileState(string table, string name)
{
    public string Table => table;

    public string Name => name;

    /// <summary>Which file of that name it is: 1, and one more each time that another file takes the name of one that was
    /// removed.</summary>
    public int Generation { get; set; } = 1;

    /// <summary>A hash of the first line, by which another file of the same name is told; 0 while there is none.</summary>
    public ulong Head { get; set; }

    /// <summary>Lines that are in units.</summary>
    public uint Lines { get; set; }

    /// <summary>Where the next line begins in the file.</summary>
    public long Position { get; set; }

    /// <summary>Units that are not known to be in the cluster.</summary>
    public int Pending { get; set; }

    /// <summary>What the cluster calls the file.</summary>
    public string File => Generation == 1 ? name : FormattableString.Invariant($"{name}~{Generation}");
}
