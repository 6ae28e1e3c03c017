using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Afterimage.Monitoring.Server.Answers;

/// <summary>The files of the pages: embedded, compressed once, and only sent again if they differ from the browser's copy.</summary>
internal static class PageAssets
{
    private const string Prefix = "page/";

    private static readonly FrozenDictionary<string, Lazy<Asset>> Assets = Assembly.GetExecutingAssembly()
        .GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..], name => new Lazy<Asset>(() => Load(name)), StringComparer.Ordinal);

    /// <summary>The names of all assets.</summary>
    public static IEnumerable<string> Names => Assets.Keys;

    public static string Text(string name) => Encoding.UTF8.GetString(Assets[name].Value.Content);

    /// <summary>Sends an asset.</summary>
    public static async Task WriteAsync(HttpContext context, string name)
    {
        if (!Assets.TryGetValue(name, out Lazy<Asset>? known))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        Asset asset = known.Value;
        IHeaderDictionary headers = context.Response.Headers;
        headers.ETag = asset.Tag;
        headers.CacheControl = "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        if (context.Request.Headers.IfNoneMatch == asset.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = asset.ContentType;
        byte[] content = asset.Content;
        if (context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal))
        {
            headers.ContentEncoding = "br";
            content = asset.Compressed;
        }

        context.Response.ContentLength = content.Length;
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }

    private static Asset Load(string resource)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        byte[] bytes = content.ToArray();
        using var compressed = new MemoryStream();
        using (var brotli = new BrotliStream(compressed, CompressionLevel.Optimal))
            brotli.Write(bytes);
        return new Asset(
            bytes,
            compressed.ToArray(),
            $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"",
            Path.GetExtension(resource) switch
            {
                ".html" => "text/html; charset=utf-8",
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                ".svg" => "image/svg+xml",
                ".json" => "application/json",
                _ => "text/plain; charset=utf-8",
            });
    }

    private sealed record Asset(byte[] Content, byte[] Compressed, string Tag, string ContentType);
}
