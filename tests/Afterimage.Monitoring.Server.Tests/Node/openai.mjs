// Calls a stand-in model with OpenAI's package: node --import ./telemetry.mjs openai.mjs. Prints what the model was asked and has
// answered.
import OpenAI from "openai";
import { startModel } from "./model.mjs";

const model = await startModel();
const client = new OpenAI({ baseURL: model.url, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "Take note." }];
const streaming = { stream: true, stream_options: { include_usage: true } };

await client.chat.completions.create({ model: "small", messages });
for await (const _ of await client.chat.completions.create({ model: "small", messages, ...streaming }));
const parameters = { type: "object", properties: {} };
const tools = [{ type: "function", function: { name: "note", parameters } }];
await client.chat.completions.create({ model: "large", messages, tools });
await client.embeddings.create({ model: "vectors", input: "Take note." });
try {
    await client.chat.completions.create({ model: "refuses-429", messages });
} catch (error) {
    if (error.status !== 429)
        throw error;
}

// A stream that is left early.
for await (const _ of await client.chat.completions.create({ model: "left", messages, ...streaming }))
    break;

model.close();
console.log(JSON.stringify({ answered: model.answered }));
