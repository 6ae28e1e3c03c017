using Xunit;

namespace Afterimage.Tests;

/// <summary>How long a test waits for something that happens for certain: reached only where it does not.</summary>
public static class Limits
{
    /// <summary>Longer than anything here takes on any machine.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    /// <summary>What a handler that hangs is given where others, whose limit it is too, are to lose nothing: longer than a busy machine
    /// makes anyone stand still.</summary>
    public static readonly TimeSpan StandStill = TimeSpan.FromSeconds(10);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>For a state that nothing announces.</summary>
    public static async Task Until(Func<bool> condition, string what)
    {
        DateTime end = DateTime.UtcNow + Generous;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, $"Waited in vain until {what}.");
            await Task.Delay(5, Token);
        }
    }

    public static void WaitFor(ManualResetEventSlim happened) =>
        Assert.True(happened.Wait(Generous, Token), "What the test waits for did not happen.");

    public static Task WaitFor(this Task task) => task.WaitAsync(Generous, Token);

    public static Task<T> WaitFor<T>(this Task<T> task) => task.WaitAsync(Generous, Token);

    /// <summary>Waits for a thread to end.</summary>
    public static void WaitFor(Thread thread) => Assert.True(thread.Join(Generous), "The thread did not end.");

    /// <summary>Runs an action that might hang, on a thread of its own.</summary>
    public static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
