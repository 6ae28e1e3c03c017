namespace Afterimage.Monitoring;

/// <summary>How a call ended, for what is charged of it.</summary>
internal enum CallEnd
{
    /// <summary>Its answer is all there.</summary>
    Whole,

    /// <summary>Its caller went away, or waited no longer: the provider may have worked on.</summary>
    Left,

    /// <summary>It broke, or was never sent.</summary>
    Failed,
}
