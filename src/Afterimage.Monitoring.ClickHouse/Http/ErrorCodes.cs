namespace Afterimage.Monitoring.ClickHouse.Http;

/// <summary>The error numbers of servers that the code depends on.</summary>
internal static class ErrorCodes
{
    public const int UnknownTable = 60;
    public const int UnknownDatabase = 81;
    public const int ReadOnly = 164;
    public const int UnknownUser = 192;
    public const int WrongPassword = 193;
    public const int RequiredPassword = 194;
    public const int NoZooKeeper = 225;
    public const int AuthenticationFailed = 516;

    private const int CannotReadFile = 74;
    private const int CannotWriteFile = 75;
    private const int CannotOpenFile = 76;
    private const int TooManyQueries = 202;
    private const int SocketTimeout = 209;
    private const int NetworkError = 210;
    private const int TableIsReadOnly = 242;
    private const int NotEnoughSpace = 243;
    private const int KeeperException = 999;
    private const int ExceptionOfLibrary = 1000;
    private const int StandardException = 1001;
    private const int UnknownException = 1002;

    /// <summary>Returns whether an error is one of the node, so that another node may be without it: it could not be reached, its disk is
    /// full, or it is cut off.</summary>
    /// <param name="code">The number; null if the node could not be reached.</param>
    public static bool IsOfNode(int? code) => code is null or CannotReadFile or CannotWriteFile or CannotOpenFile or TooManyQueries
        or SocketTimeout or NetworkError or NoZooKeeper or TableIsReadOnly or NotEnoughSpace or KeeperException or ExceptionOfLibrary
        or StandardException or UnknownException;
}
