// As docs/otlp.md has it.
import { register } from "node:module";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { OpenAIInstrumentation } from "@opentelemetry/instrumentation-openai";
import { NodeSDK } from "@opentelemetry/sdk-node";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url); // without it, packages that are imported stay as they are
const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter(), instrumentations: [new OpenAIInstrumentation()] });
sdk.start();
process.once("beforeExit", () => sdk.shutdown()); // sends what is left
