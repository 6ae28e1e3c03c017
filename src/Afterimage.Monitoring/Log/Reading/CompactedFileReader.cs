using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>Reads a compacted file (docs/log-format.md) as the lines that it was made from.</summary>
/// <param name="path">The file.</param>
/// <param name="since">Records before this time may be left out. <see langword="null"/>: all records are wanted.</param>
/// <returns>
/// The lines, one JSON object each, in UTF-8 and without line ends, in the order in which they were written. Torn and foreign lines are
/// included. The lines are enumerated once, and the caller finishes with each before it asks for the next, so that all of them may share
/// one buffer. The caller turns any exception into an <see cref="IOException"/> that names the file.
/// </returns>
public delegate IEnumerable<ReadOnlyMemory<byte>> CompactedFileReader(string path, DateTimeOffset? since);
