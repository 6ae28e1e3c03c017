namespace Afterimage.Monitoring.ClickHouse.Http;

/// <summary>The error numbers of servers that the code depends on.</summary>
internal static class ErrorCodes
{
    public const int UnknownTable = 60;
    public const int UnknownDatabase = 81;
    public const int UnknownUser = 192;
    public const int WrongPassword = 193;
    public const int RequiredPassword = 194;
    public const int NoZooKeeper = 225;
    public const int AuthenticationFailed = 516;
}
