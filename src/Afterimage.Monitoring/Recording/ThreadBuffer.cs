using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Afterimage.Monitoring.Recording;

/// <summary>A bounded ring of the records of one thread: written by that thread, emptied by the recorder.</summary>
/// <remarks>
/// The fields are grouped by their writer, and each group has cache lines of its own. Positions only grow; a slot is a position modulo the
/// capacity.
/// <code>
/// freed  &lt;=  applied  &lt;=  written  &lt;=  freed + capacity
/// </code>
/// </remarks>
internal sealed class ThreadBuffer
{
    // Names that this thread used recently. Used by the producer only.
    public NameCache Models;
    public NameCache FinishReasons;
    public NameCache Labels;
    public NameCache Metrics;

    // Set once.
    private readonly int _mask;
    private readonly Recorder _recorder;
    private readonly object _room = new();
    private Record[] _slots;

    private ProducerSide _producer;
    private ConsumerSide _consumer;

    public ThreadBuffer(Recorder recorder, Thread owner, int capacity)
    {
        _recorder = recorder;
        Owner = owner;
        _slots = new Record[capacity];
        _mask = capacity - 1;
        Models = new NameCache(recorder.Names.Models);
        FinishReasons = new NameCache(recorder.Names.FinishReasons);
        Labels = new NameCache(recorder.Names.Labels);
        Metrics = new NameCache(recorder.Names.Metrics);
    }

    public Thread Owner { get; }

    public Recorder Recorder => _recorder;

    /// <summary>The number of records published so far.</summary>
    public long Written => Volatile.Read(ref _producer.Written);

    /// <summary>The number of records refused because the ring was full.</summary>
    public long Dropped => Volatile.Read(ref _producer.Dropped);

    /// <summary>Whether the producer is between <see cref="TryBegin"/> and <see cref="Publish"/>.</summary>
    public bool IsWriting => Volatile.Read(ref _producer.Writing);

    /// <summary>The number of records that the store has seen. Used under the recorder's lock.</summary>
    public long Applied
    {
        get => _consumer.Applied;
        set => _consumer.Applied = value;
    }

    /// <summary>The number of records that have been copied out. Written by the pump.</summary>
    public long Freed => Volatile.Read(ref _consumer.Freed);

    /// <summary>Opens the next slot. Nothing may throw between this and <see cref="Publish"/>.</summary>
    /// <returns><see langword="true"/> if the slot is open; <see langword="false"/> if the ring is full or the recorder is
    /// closed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryBegin(out Span<Record> slot)
    {
        // Closing waits for producers that have set this before they could see that the recorder is closed. Recorder.Close has the other
        // half.
        Volatile.Write(ref _producer.Writing, true);
        if (_recorder.IsClosed)
        {
            Refuse();
            slot = default;
            return false;
        }

        long written = _producer.Written;
        if (written - _producer.FreedSeen > _mask && !WaitForRoom())
        {
            Volatile.Write(ref _producer.Writing, false);
            slot = default;
            return false;
        }

        slot = new Span<Record>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_slots), (nint)(written & _mask)));
        return true;
    }

    /// <summary>Publishes the slot that <see cref="TryBegin"/> opened as a record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Publish()
    {
        long written = _producer.Written + 1;
        Volatile.Write(ref _producer.Written, written);
        Volatile.Write(ref _producer.Writing, false);
        if ((written & (_mask >> 2)) == 0)
            _recorder.Wake();
    }

    /// <summary>Returns the contiguous records from <paramref name="position"/> to <paramref name="end"/>.</summary>
    public Span<Record> Read(long position, long end)
    {
        int start = (int)position & _mask;
        return _slots.AsSpan(start, (int)Math.Min(end - position, _slots.Length - start));
    }

    /// <summary>Returns the slots before <paramref name="position"/> to the producer.</summary>
    public void Free(long position)
    {
        Volatile.Write(ref _consumer.Freed, position);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _producer.Waiting))
            WakeProducer();
    }

    /// <summary>Wakes a producer that is waiting for room, so that it sees that the recorder is closed.</summary>
    public void WakeProducer()
    {
        lock (_room)
            Monitor.Pulse(_room);
    }

    /// <summary>Releases the memory. The recorder must be closed, and nothing may be left to read.</summary>
    public void Release() => _slots = [];

    private bool WaitForRoom()
    {
        _producer.FreedSeen = Freed;
        if (HasRoom())
            return true;

        if (_recorder.FullMode == BufferFullMode.Drop)
        {
            _recorder.Wake();
            Volatile.Write(ref _producer.Dropped, _producer.Dropped + 1);
            return false;
        }

        try
        {
            _recorder.WakeNow();
            lock (_room)
            {
                Volatile.Write(ref _producer.Waiting, true);
                Interlocked.MemoryBarrier();
                _producer.FreedSeen = Freed;
                while (!HasRoom())
                {
                    if (_recorder.IsClosed)
                    {
                        Refuse();
                        return false;
                    }

                    Monitor.Wait(_room);
                    _producer.FreedSeen = Freed;
                }
            }
        }
        catch (ThreadInterruptedException)
        {
            // The recorder was closed while this thread was waiting for room or for one of the locks.
            Volatile.Write(ref _producer.Writing, false);
            throw;
        }
        finally
        {
            Volatile.Write(ref _producer.Waiting, false);
        }

        return true;
    }

    private bool HasRoom() => _producer.Written - _producer.FreedSeen <= _mask;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Refuse()
    {
        Volatile.Write(ref _producer.Writing, false);
        _recorder.Refuse();
    }

    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct ProducerSide
    {
        [FieldOffset(64)]
        public long Written;

        /// <summary>The value of <see cref="Freed"/> that the producer read last.</summary>
        [FieldOffset(72)]
        public long FreedSeen;

        [FieldOffset(80)]
        public long Dropped;

        [FieldOffset(88)]
        public bool Writing;

        [FieldOffset(89)]
        public bool Waiting;
    }

    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct ConsumerSide
    {
        [FieldOffset(64)]
        public long Freed;

        [FieldOffset(72)]
        public long Applied;
    }
}
