using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

public sealed class AllocationTests
{
    [Fact]
    public void Tracking_a_generation_allocates_nothing_on_its_thread()
    {
        // Room for all of it: a thread that waits for room allocates, in Monitor.Wait.
        using var run = new MonitorRun(o => o.BufferCapacity = 65_536);
        long allocated = -1;
        var thread = new Thread(() =>
        {
            var details = new GenerationDetails
            {
                ModelName = "gpt-4o",
                PromptTokenCount = 374,
                CompletionTokenCount = 44,
                FinishReason = "stop",
            };
            for (int i = 0; i < 20_000; i++)
                run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, details);

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20_000; i++)
                run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, details);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        });
        thread.Start();
        Limits.WaitFor(thread);

        Assert.Equal(0, allocated);
    }
}
