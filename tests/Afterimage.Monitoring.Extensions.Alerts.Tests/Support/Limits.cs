namespace Afterimage.Monitoring.Extensions.Alerts.Tests.Support;

internal static class Limits
{
    /// <summary>Longer than anything here takes on any machine.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task Within(this Task task) => task.WaitAsync(Generous, Token);
}
