namespace Afterimage.Monitoring;

/// <summary>Shortens the message of an exception so that it fits into a sentence.</summary>
internal static class ExceptionText
{
    /// <summary>Returns the first line. Engines and runtimes add further lines with details for their own developers.</summary>
    public static string FirstLine(this Exception exception) => exception.Message.Split('\n')[0].TrimEnd();
}
