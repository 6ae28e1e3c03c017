// Calls a stand-in model with Vercel's SDK, whose spans go to OTEL_EXPORTER_OTLP_ENDPOINT: node vercel.mjs 6|7|7-legacy.
// Prints what the model was asked and has answered.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { startModel } from "./model.mjs";

const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter() });
sdk.start();
const version = process.argv[2];
const { embed, generateText, jsonSchema, stepCountIs, streamText, tool, registerTelemetry } =
    await import(version === "6" ? "ai-6" : "ai");
const { createOpenAICompatible } = await import(version === "6" ? "ai-6-openai-compatible" : "@ai-sdk/openai-compatible");
if (version !== "6") {
    const { LegacyOpenTelemetry, OpenTelemetry } = await import("@ai-sdk/otel");
    registerTelemetry(version === "7" ? new OpenTelemetry() : new LegacyOpenTelemetry());
}

const model = await startModel();
const provider = createOpenAICompatible({ name: "openai", baseURL: model.url, includeUsage: true });
const common = version === "6" ? { experimental_telemetry: { isEnabled: true } } : {};
const prompt = "Take note.";

await generateText({ model: provider("small"), prompt, ...common });
await streamText({ model: provider("small"), prompt, ...common }).consumeStream();
await generateText({
    model: provider("large"),
    prompt,
    tools: { note: tool({ inputSchema: jsonSchema({ type: "object", properties: {} }), execute: () => "noted" }) },
    stopWhen: stepCountIs(2),
    ...common,
});
await embed({ model: provider.embeddingModel("vectors"), value: prompt, ...common });
const refused = [];
for (const [name, maxRetries] of [["refuses-400", 0], ["refuses-429", 1]]) {
    try {
        await generateText({ model: provider(name), prompt, maxRetries, ...common });
    } catch (error) {
        refused.push(error.name);
    }
}

model.close();
await sdk.shutdown();
console.log(JSON.stringify({ answered: model.answered, refused }));
