namespace Afterimage.Monitoring.Recording;

/// <summary>Texts that code of others makes. It may throw, which costs nothing but the text.</summary>
internal static class UserText
{
    public static string MessageOf(Exception exception) => Of(exception, "Message", static e => e.Message) ?? "";

    public static string? StackTraceOf(Exception exception) => Of(exception, "StackTrace", static e => e.StackTrace);

    /// <param name="source">What the text is of.</param>
    /// <param name="member">What is called on it, for who reads what it threw.</param>
    /// <param name="read">Calls it.</param>
    public static string? Of<T>(T source, string member, Func<T, string?> read)
    {
        try
        {
            return read(source);
        }
        catch (Exception e)
        {
            return Threw(member, e);
        }
    }

    /// <summary>What stands for a text that could not be had.</summary>
    public static string Threw(string member, Exception exception) => $"({member} threw {exception.GetType().Name})";
}

/// <summary>What an exception says of itself, read when it was logged: later, and on another thread, it may say something else.</summary>
internal sealed record ExceptionTexts(string Message, string? StackTrace)
{
    public static ExceptionTexts Of(Exception exception) => new(UserText.MessageOf(exception), UserText.StackTraceOf(exception));
}
