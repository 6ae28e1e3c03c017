namespace Afterimage.Cli.CommandLine;

internal static class ExitCodes
{
    public const int Success = 0;
    public const int NotWritten = 1;
    public const int BadInput = 2;
    public const int BudgetSpent = 3;
    public const int ThresholdExceeded = 4;
    public const int Interrupted = 130;
}
