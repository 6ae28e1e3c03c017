using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring;

/// <summary>Shortens the message of an exception so that it fits into a sentence.</summary>
internal static class ExceptionText
{
    /// <summary>The first line: engines and runtimes add lines with details for their own developers.</summary>
    public static string FirstLine(this Exception exception) => UserText.MessageOf(exception).Split('\n')[0].TrimEnd();
}
