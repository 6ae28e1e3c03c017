namespace Afterimage.Monitoring.Extensions.Alerts.Tests.Support;

internal static class Limits
{
    /// <summary>Longer than anything here takes on any machine.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromSeconds(120);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task Within(this Task task) => task.WaitAsync(Generous, Token);
}
