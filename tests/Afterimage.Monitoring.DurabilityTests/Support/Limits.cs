namespace Afterimage.Monitoring.DurabilityTests.Support;

/// <summary>How long a test waits for something that happens for certain: reached only where it does not.</summary>
internal static class Limits
{
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

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

    public static Task WaitFor(Task task) => task.WaitAsync(Generous, Token);

    public static Task<T> WaitFor<T>(Task<T> task) => task.WaitAsync(Generous, Token);

    public static void WaitFor(ManualResetEventSlim happened) =>
        Assert.True(happened.Wait(Generous, Token), "What the test waits for did not happen.");
}
