using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>Reads a file that a compaction made (docs/log-format.md) as the lines that it stands for.</summary>
/// <param name="path">The file.</param>
/// <param name="since">Records before this need not be given. <see langword="null"/>: all are wanted.</param>
/// <returns>
/// The lines, a JSON object each, in UTF-8 and without line ends, in the order that they were written in; torn and foreign ones too. They
/// are enumerated once, and each is done with before the next is asked for, so that one buffer may hold them all. Whatever is thrown
/// becomes an <see cref="IOException"/> that names the file.
/// </returns>
public delegate IEnumerable<ReadOnlyMemory<byte>> CompactedFileReader(string path, DateTimeOffset? since);
