// Sends spans as OpenTelemetry's conventions for generative AI name them, with the names of its own package, to
// OTEL_EXPORTER_OTLP_ENDPOINT by OTEL_EXPORTER_OTLP_PROTOCOL. Prints the calls that it tells of.
import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";
import * as names from "@opentelemetry/semantic-conventions/incubating";

// Without an exporter given, the SDK makes the one of the protocol.
const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer("conventions");
const calls = [];

within("invoke_workflow", { [names.ATTR_GEN_AI_WORKFLOW_NAME]: "nightly" }, () => {
    // An agent's span carries the usage of the calls below it, and may be of a client.
    within(
        "invoke_agent",
        {
            [names.ATTR_GEN_AI_AGENT_NAME]: "planner",
            [names.ATTR_GEN_AI_REQUEST_MODEL]: "gpt-4o",
            [names.ATTR_GEN_AI_USAGE_INPUT_TOKENS]: 30,
            [names.ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: 7,
        },
        () => {
            call("chat", "plan", {
                [names.ATTR_GEN_AI_USAGE_INPUT_TOKENS]: 10,
                [names.ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: 3,
                [names.ATTR_GEN_AI_RESPONSE_FINISH_REASONS]: ["tool_calls"],
            });
            within("execute_tool", { [names.ATTR_GEN_AI_TOOL_NAME]: "look_up" }, () => {});
            call("chat", "answer", {
                [names.ATTR_GEN_AI_USAGE_INPUT_TOKENS]: 20,
                [names.ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: 4,
                [names.ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS]: 5,
                [names.ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS]: 6,
                [names.ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS]: 2,
                [names.ATTR_GEN_AI_RESPONSE_FINISH_REASONS]: ["stop"],
                [names.ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK]: 0.25,
                [names.ATTR_GEN_AI_CONVERSATION_ID]: "conversation-1",
                [names.ATTR_SERVER_ADDRESS]: "api.example.com",
            });
        });
});
call("chat", "refused", { [names.ATTR_ERROR_TYPE]: "rate_limit_exceeded" }, span => {
    span.recordException(new Error("too many requests"));
    span.setStatus({ code: SpanStatusCode.ERROR, message: "too many requests" });
});
call("generate_content", "contents", {
    [names.ATTR_GEN_AI_PROVIDER_NAME]: names.GEN_AI_PROVIDER_NAME_VALUE_GCP_GEMINI,
    [names.ATTR_GEN_AI_USAGE_INPUT_TOKENS]: 40,
    [names.ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: 8,
});
call("embeddings", "vectors", { [names.ATTR_GEN_AI_USAGE_INPUT_TOKENS]: 50 });
within("retrieval", { [names.ATTR_GEN_AI_REQUEST_MODEL]: "gpt-4o" }, () => {});
tracer.startSpan("GET /", { kind: SpanKind.SERVER, attributes: { [names.ATTR_HTTP_RESPONSE_STATUS_CODE]: 500 } }).end();

await sdk.shutdown();
console.log(JSON.stringify({ calls }));

function start(operation, attributes) {
    return tracer.startSpan(operation, {
        kind: SpanKind.CLIENT,
        attributes: { [names.ATTR_GEN_AI_OPERATION_NAME]: operation, ...attributes },
    });
}

function within(operation, attributes, act) {
    const span = start(operation, attributes);
    context.with(trace.setSpan(context.active(), span), act);
    span.end();
}

function call(operation, id, attributes, act) {
    const span = start(operation, {
        [names.ATTR_GEN_AI_PROVIDER_NAME]: names.GEN_AI_PROVIDER_NAME_VALUE_OPENAI,
        [names.ATTR_GEN_AI_REQUEST_MODEL]: "gpt-4o",
        [names.ATTR_GEN_AI_RESPONSE_MODEL]: "gpt-4o-2024-08-06",
        [names.ATTR_GEN_AI_RESPONSE_ID]: id,
        ...attributes,
    });
    act?.(span);
    span.end();
    const { traceId, spanId } = span.spanContext();
    calls.push({ id, operation, trace_id: traceId, span_id: spanId });
}
