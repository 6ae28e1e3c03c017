namespace Afterimage.Tests;

/// <summary>A disk of one test's own that is full when the test says so.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryDirectory _mountPoint = new();

    public SmallDisk(long kilobytes)
    {
        bool isMounted = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
            && Need.Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", _mountPoint.Path);
        if (isMounted)
            return;

        _mountPoint.Dispose();
        Need.That(false, "This test needs to mount a tmpfs: root, and a sandbox that lets it.");
    }

    public string Directory => System.IO.Path.Combine(_mountPoint.Path, "log");

    private string Ballast => System.IO.Path.Combine(_mountPoint.Path, "ballast");

    /// <summary>Remounts it, such as <c>ro</c>, <c>rw</c> or <c>nr_inodes=100</c>.</summary>
    public void Remount(string options) =>
        Need.That(Need.Run("mount", "-o", $"remount,{options}", _mountPoint.Path), $"This sandbox does not remount with {options}.");

    /// <summary>Leaves not a byte.</summary>
    public void Fill()
    {
        byte[] block = new byte[4096];
        using var stream = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        try
        {
            while (true)
                stream.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void MakeRoom() => File.Delete(Ballast);

    public void Dispose()
    {
        // Lazily: a monitor of a failed test may still have files open.
        Need.Run("umount", "-l", _mountPoint.Path);
        _mountPoint.Dispose();
    }
}
