using System.Runtime.InteropServices;
using System.Text;

namespace Afterimage.Cli.CommandLine;

/// <summary>Standard output that is not a terminal: a destination chosen by the user, which may be full, closed, or no longer
/// read.</summary>
internal sealed partial class StandardOutput : Stream
{
    private const short Error = 0x8;
    private const short HungUp = 0x10;

    private readonly Stream _console = Console.OpenStandardOutput();

    /// <summary>Whether standard output is a pipe whose reader has gone, as in <c>| head -1</c>. Writing does not reveal this, because the
    /// console ignores it.</summary>
    public static bool IsReaderGone
    {
        get
        {
            if (OperatingSystem.IsWindows())
                return false;

            var output = new PollDescriptor { Descriptor = 1 };
            return Poll(ref output, 1, 0) > 0 && (output.Happened & (Error | HungUp)) != 0;
        }
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Redirects everything that is printed through this stream.</summary>
    public static void Use()
    {
        if (Console.IsOutputRedirected)
            Console.SetOut(
                new StreamWriter(new StandardOutput(), OperatingSystem.IsWindows() ? Console.OutputEncoding : new UTF8Encoding(false))
                {
                    AutoFlush = true,
                });
    }

    /// <exception cref="InputException">The output cannot be written.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            _console.Write(buffer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"Standard output cannot be written to: {(exception.InnerException ?? exception).Message}", exception);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => _console.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Asked;
        public short Happened;
    }
}
