using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The body of a request in pooled memory, within the limits.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstSize = 16 << 10;

    private readonly MemoryBudget _budget;
    private readonly int _maxLength;
    private byte[] _buffer = [];
    private int _length;

    private RequestBody(MemoryBudget budget, int maxLength)
    {
        _budget = budget;
        _maxLength = maxLength;
    }

    public ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, _length);

    /// <summary>Reads the body of a request to its end.</summary>
    /// <exception cref="OtlpRefusedException">The body is longer than the receiver's limit, or there is no memory for it now.</exception>
    public static async Task<RequestBody> ReadAsync(HttpContext http, OtlpReceiver receiver)
    {
        // The receiver has limits of its own, and reports them in the sender's format.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;

        int maxLength = receiver.Options.MaxRequestBytes;
        long? expectedLength = http.Request.ContentLength;
        if (expectedLength > maxLength)
            throw TooLarge(maxLength);

        var body = new RequestBody(receiver.Budget, maxLength);
        try
        {
            // One byte more than expected, to see that the body has ended. Memory for an announced length is not taken before the data
            // arrives.
            body.Grow(Math.Min((int)(expectedLength ?? FirstSize) + 1, FirstSize));
            while (true)
            {
                int read = await http.Request.Body
                    .ReadAsync(body._buffer.AsMemory(body._length), http.RequestAborted)
                    .ConfigureAwait(false);
                if (read == 0)
                    return body;
                body.Take(read);
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Decompresses gzip.</summary>
    /// <param name="compressed">The compressed data.</param>
    /// <param name="maxLength">The maximum length of the decompressed data, in bytes.</param>
    /// <param name="budget">The budget that its memory is taken from.</param>
    /// <exception cref="OtlpRefusedException">The data is not gzip, or is longer than the limit, or there is no memory for it
    /// now.</exception>
    public static RequestBody Decompress(ReadOnlyMemory<byte> compressed, int maxLength, MemoryBudget budget)
    {
        var body = new RequestBody(budget, maxLength);
        try
        {
            using var stream = new GZipStream(new ReadOnlyMemoryStream(compressed), CompressionMode.Decompress);
            body.Grow((int)Math.Min(Math.Max(FirstSize, compressed.Length * 4L), maxLength + 1L));
            while (true)
            {
                int read = stream.Read(body._buffer.AsSpan(body._length));
                if (read == 0)
                    return body;
                body.Take(read);
            }
        }
        catch (InvalidDataException e)
        {
            body.Dispose();
            throw new OtlpRefusedException(OtlpRefusal.Malformed, "The body is not valid gzip.", e);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_buffer.Length == 0)
            return;
        _budget.Give(_buffer.Length);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private static OtlpRefusedException TooLarge(int maxLength) =>
        new(OtlpRefusal.TooLarge, $"The body must be at most {maxLength} bytes long.");

    private void Take(int read)
    {
        _length += read;
        if (_length > _maxLength)
            throw TooLarge(_maxLength);
        if (_length == _buffer.Length)
            Grow((int)Math.Min(_buffer.Length * 2L, _maxLength + 1L));
    }

    private void Grow(int size)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(size);
        if (!_budget.TryTake(larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            throw new OtlpRefusedException(OtlpRefusal.Busy, "Too many requests are in progress.");
        }

        byte[] old = _buffer;
        old.AsSpan(0, _length).CopyTo(larger);
        _buffer = larger;
        if (old.Length == 0)
            return;
        _budget.Give(old.Length);
        ArrayPool<byte>.Shared.Return(old);
    }

    private sealed class ReadOnlyMemoryStream(ReadOnlyMemory<byte> content) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => content.Length;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = Math.Min(buffer.Length, content.Length - _position);
            content.Span.Slice(_position, read).CopyTo(buffer);
            _position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
