namespace Afterimage.Cli.CommandLine;

/// <summary>Something the user gave cannot be used. The message is one sentence for them; the command ends with exit code 2.</summary>
internal sealed class InputException(string message, Exception? innerException = null) : Exception(message, innerException);
