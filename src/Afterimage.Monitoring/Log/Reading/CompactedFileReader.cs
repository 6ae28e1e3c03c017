namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Reads a compacted file (docs/log-format.md).</summary>
/// <param name="path">The file.</param>
/// <param name="since">Records before this time may be left out. <see langword="null"/>: all records are wanted.</param>
/// <param name="taker">Receives the records in the order of the lines. Whatever exception the reader throws becomes an
/// <see cref="IOException"/> that names the file.</param>
internal delegate void CompactedFileReader(string path, DateTimeOffset? since, IRecordTaker taker);
