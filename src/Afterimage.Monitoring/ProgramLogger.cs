using System.Diagnostics;
using Afterimage.Monitoring.Handlers;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>The program's logger, behind a queue and a thread like any handler: it is code of others, and what is to be told comes up on
/// threads that must neither fail nor wait.</summary>
internal sealed class ProgramLogger
{
    private const int Capacity = 1024;

    private readonly ILogger? _logger;
    private readonly HandlerQueue<Action<ILogger>> _queue;
    private volatile bool _isClosed;

    /// <param name="logger">The logger, or null where nobody wants to hear.</param>
    /// <param name="timeLimit">How long it may stand still.</param>
    /// <param name="troubleLog">Where its own trouble is said.</param>
    public ProgramLogger(ILogger? logger, TimeSpan timeLimit, TroubleLog troubleLog)
    {
        _logger = logger;
        _queue = new HandlerQueue<Action<ILogger>>(
            new HandlerContract<Action<ILogger>>("the program's logger", say =>
            {
                say(_logger!);
                return default;
            })
            {
                Capacity = Capacity,
            },
            timeLimit,
            troubleLog);
    }

    public void Tell(Action<ILogger> say)
    {
        if (_logger is null)
            return;

        if (!_isClosed)
        {
            _queue.Enqueue(say, weight: 1);
            return;
        }

        try
        {
            say(_logger);
        }
        catch (Exception)
        {
            // The monitor is at its end: there is nobody left to tell.
        }
    }

    public Task FlushAsync() => _queue.FlushAsync(Thread.CurrentThread);

    /// <param name="deadline">As <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void Close(long deadline)
    {
        _queue.Close(deadline);
        _isClosed = true;
    }
}
