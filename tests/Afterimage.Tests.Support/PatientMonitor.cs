using Afterimage.Monitoring;

namespace Afterimage.Tests;

/// <summary>Monitors that do not give up on a machine that others keep busy.</summary>
internal static class PatientMonitor
{
    /// <summary>Longer than anything here takes on any machine.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    public static GenerationMonitorOptions Options(string logDirectory) =>
        new()
        {
            LogDirectory = logDirectory,
            HandlerTimeLimit = Generous,
            ShutdownTimeout = Generous,
        };
}
