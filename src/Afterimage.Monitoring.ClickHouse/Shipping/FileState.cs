namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>The shipping state of a file.</summary>
/// <param name="table">The table for its lines.</param>
/// <param name="name">The name of the file.</param>
internal sealed class FileState(string table, string name)
{
    public string Table => table;

    public string Name => name;

    /// <summary>The generation of the file: 1, increased by one each time that another file takes the name of a file that was
    /// removed.</summary>
    public int Generation { get; set; } = 1;

    /// <summary>A hash of the first line, by which another file of the same name is recognized; 0 while there is no line.</summary>
    public ulong Head { get; set; }

    /// <summary>The number of lines that are in units.</summary>
    public uint Lines { get; set; }

    /// <summary>The position in the file at which the next line begins.</summary>
    public long Position { get; set; }

    /// <summary>The number of units that are not known to be in the cluster.</summary>
    public int Pending { get; set; }

    /// <summary>The name of the file in the cluster.</summary>
    public string File => Generation == 1 ? name : FormattableString.Invariant($"{name}~{Generation}");
}
