using Afterimage.Monitoring;

namespace Afterimage.Tests;

/// <summary>Monitors that do not give up on a machine that others keep busy.</summary>
public static class PatientMonitor
{
    public static GenerationMonitorOptions Options(string logDirectory) =>
        new()
        {
            LogDirectory = logDirectory,
            HandlerTimeLimit = Limits.Generous,
            ShutdownTimeout = Limits.Generous,
        };
}
