// A model that speaks the protocol of OpenAI's chat completions on 127.0.0.1, and takes note of what it has answered.
import { createServer } from "node:http";
import { once } from "node:events";

export async function startModel() {
    const answered = [];
    const server = createServer(async (request, response) => {
        const chunks = [];
        for await (const chunk of request)
            chunks.push(chunk);
        const asked = JSON.parse(Buffer.concat(chunks));
        const number = answered.length + 1;

        // Each answer has counts of its own, so that no sum is right by accident.
        const answer = {
            id: `call-${number}`,
            status: asked.model.startsWith("refuses-") ? Number(asked.model.slice("refuses-".length)) : 200,
            operation: request.url.endsWith("/embeddings") ? "embeddings" : "chat",
            stream: asked.stream === true,
            model: asked.model,
            prompt: 100 * number + 7,
            completion: 10 * number + 3,
            cached: number,
            reasoning: number + 1,
        };
        answered.push(answer);
        if (answer.status !== 200) {
            // Without this header, who tries again waits for seconds.
            sendJson(response, answer.status, { error: { message: "refused", type: "refused" } }, { "retry-after-ms": "1" });
        } else if (answer.operation === "embeddings") {
            sendJson(response, 200, {
                object: "list",
                model: answer.model,
                data: [{ object: "embedding", index: 0, embedding: [0.1, 0.2] }],
                usage: { prompt_tokens: answer.prompt, total_tokens: answer.prompt },
            });
        } else if (answer.stream) {
            sendStream(response, answer);
        } else {
            const wantsTool = asked.tools?.length > 0 && !asked.messages.some(message => message.role === "tool");
            sendJson(response, 200, {
                ...head(answer, "chat.completion"),
                choices: [wantsTool ? toolCall(asked.tools[0].function.name) : stop({ role: "assistant", content: "Noted." })],
                usage: usage(answer),
            });
        }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
        answered,
        url: `http://127.0.0.1:${server.address().port}/v1`,
        close() {
            server.close();
            server.closeAllConnections();
        },
    };
}

function head(answer, object) {
    return { id: answer.id, object, created: 1700000000, model: answer.model };
}

function stop(message) {
    return { index: 0, message, finish_reason: "stop" };
}

function toolCall(name) {
    const call = { id: "tool-1", type: "function", function: { name, arguments: "{}" } };
    return { index: 0, message: { role: "assistant", content: null, tool_calls: [call] }, finish_reason: "tool_calls" };
}

function usage(answer) {
    return {
        prompt_tokens: answer.prompt,
        completion_tokens: answer.completion,
        total_tokens: answer.prompt + answer.completion,
        prompt_tokens_details: { cached_tokens: answer.cached },
        completion_tokens_details: { reasoning_tokens: answer.reasoning },
    };
}

function sendJson(response, status, body, headers = {}) {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
}

function sendStream(response, answer) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = body => response.write(`data: ${JSON.stringify({ ...head(answer, "chat.completion.chunk"), ...body })}\n\n`);
    for (const content of ["No", "ted", "."])
        send({ choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }] });
    send({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    send({ choices: [], usage: usage(answer) });
    response.end("data: [DONE]\n\n");
}
