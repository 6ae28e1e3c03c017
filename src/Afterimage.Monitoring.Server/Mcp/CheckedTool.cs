using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Afterimage.Monitoring.Server.Mcp;

/// <summary>A tool that tells an agent which argument is wrong, instead of ignoring it or failing without a reason.</summary>
internal sealed class CheckedTool(McpServerTool tool) : DelegatingMcpServerTool(tool)
{
    public override async ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request,
        CancellationToken cancellationToken = default)
    {
        JsonElement schema = ProtocolTool.InputSchema;
        string[] known = schema.TryGetProperty("properties", out JsonElement properties)
            ? [.. properties.EnumerateObject().Select(property => property.Name)]
            : [];
        ICollection<string> given = request.Params?.Arguments?.Keys ?? [];
        foreach (string name in given)
        {
            if (!known.Contains(name))
                throw new McpException($"There is no argument '{UntrustedJson.Clean(name)}'. There are: {string.Join(", ", known)}.");
        }

        if (schema.TryGetProperty("required", out JsonElement required))
        {
            foreach (string? name in required.EnumerateArray().Select(item => item.GetString()))
            {
                if (!given.Contains(name!))
                    throw new McpException($"The argument '{name}' is required.");
            }
        }

        try
        {
            return await base.InvokeAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException or NotSupportedException)
        {
            throw new McpException(
                $"An argument has a value of the wrong kind. Given were: {string.Join(", ", given)}. {UntrustedJson.Clean(e.Message)}",
                e);
        }
    }
}
