namespace Afterimage.Cli.CommandLine;

/// <summary>The exception that is thrown when the user's input cannot be used. The message is one sentence for the user. The exit code is
/// 2.</summary>
internal sealed class InputException(string message, Exception? innerException = null) : Exception(message, innerException);
