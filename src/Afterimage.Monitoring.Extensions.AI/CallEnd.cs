namespace Afterimage.Monitoring;

/// <summary>How a call ended, which determines what is charged for it.</summary>
internal enum CallEnd
{
    /// <summary>The answer is complete.</summary>
    Whole,

    /// <summary>The caller left the call or stopped waiting for it. The provider may have continued to work.</summary>
    Left,

    /// <summary>The call failed, or was never sent.</summary>
    Failed,
}
