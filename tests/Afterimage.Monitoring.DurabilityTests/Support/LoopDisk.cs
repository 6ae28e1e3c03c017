namespace Afterimage.Monitoring.DurabilityTests.Support;

/// <summary>A disk of one test's own, in a file, that a fault turns read-only, as one does on which an error was found.</summary>
/// <remarks>A system refuses to remount a disk read-only while files on it are open for writing.</remarks>
internal sealed class LoopDisk : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    public LoopDisk()
    {
        bool isMounted = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Mount();
        if (isMounted)
            return;

        _place.Dispose();
        Need.That(false, "This test needs to mount an ext4 file system from a file: root, mkfs.ext4, and a sandbox that lets it.");
    }

    public string Directory => Path.Combine(MountPoint, "log");

    private string MountPoint => Path.Combine(_place.Path, "mount");

    private string Image => Path.Combine(_place.Path, "image");

    public void TurnReadOnly()
    {
        string? device = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).FirstOrDefault(m => m[1] == MountPoint)?[0];
        string trigger = $"/sys/fs/ext4/{Path.GetFileName(device)}/trigger_fs_error";
        Need.That(File.Exists(trigger), "This test needs a kernel that lets it make an error on an ext4 file system.");
        File.WriteAllText(trigger, "1");
    }

    public void Dispose()
    {
        // Lazily: a monitor of a failed test may still have files open.
        Need.Run("umount", "-l", MountPoint);
        _place.Dispose();
    }

    private bool Mount()
    {
        System.IO.Directory.CreateDirectory(MountPoint);
        using (FileStream image = File.Create(Image))
            image.SetLength(8 << 20);
        Need.Command("mkfs.ext4");
        return Need.Run("mkfs.ext4", "-q", "-F", Image) && Need.Run("mount", "-o", "loop,errors=remount-ro", Image, MountPoint);
    }
}
