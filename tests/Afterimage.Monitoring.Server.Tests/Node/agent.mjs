// Asks an MCP server about its runs: node agent.mjs COMMAND [ARGUMENT...]. Prints what it was told.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "agent", version: "1" });

// A busy machine may stand still for longer than the minute that the client waits otherwise.
const patient = { timeout: 180_000 };
await client.connect(new StdioClientTransport({ command, args }), patient);
const { tools } = await client.listTools({}, patient);
const schemas = new AjvJsonSchemaValidator();
const accepts = new Map(tools.map(tool => [tool.name, schemas.getValidator(tool.inputSchema)]));

const { runs } = await ask("list_runs");
const id = name => runs.find(run => run.name === name).id;
const told = {
    server: client.getServerVersion().name,
    instructions: client.getInstructions(),
    tools,
    runs,
    whole: await ask("summary"),
    monday: await ask("summary", { run: id("monday") }),
    query: await ask("query", { sql: "SELECT count(*), sum(prompt_token_count) FROM generations", run: id("tuesday"), limit: 10 }),
    compare: await ask("compare", { a: id("monday"), b: id("tuesday") }),
    alerts: await ask("alerts", { run: id("tuesday") }),
    failed: await ask("find_generations", {
        run: id("tuesday"),
        model: "gpt-4o",
        success: false,
        error: "RATE",
        minSeconds: 0.5,
        since: "2001-01-01T00:00:00Z",
        order: "Slowest",
        limit: 1,
    }),
    refused: {
        id: await refusal("summary", { run: "../monday" }),
        sql: await refusal("query", { sql: "COPY (SELECT 1) TO 'written.csv'" }),
        missing: await refusal("query", {}),
        type: await refusal("list_runs", { limit: "many" }),
        tool: await refusal("delete_runs", {}),
    },
    afterwards: await ask("list_runs", { state: "ended", text: "tuesday" }),
};
await client.close();
console.log(JSON.stringify(told));

async function ask(name, question = {}) {
    const { valid, errorMessage } = accepts.get(name)(question);
    if (!valid)
        throw new Error(`${name} does not accept ${JSON.stringify(question)}: ${errorMessage}`);
    const result = await client.callTool({ name, arguments: question }, undefined, patient);
    const text = result.content.map(block => block.text).join("");
    if (result.isError)
        throw new Error(`${name}: ${text}`);

    // Clients of older protocols read the text.
    if (JSON.stringify(JSON.parse(text)) !== JSON.stringify(result.structuredContent))
        throw new Error(`${name} says one thing in its text and another in its structured content.`);
    return result.structuredContent;
}

// A tool may refuse in its result; what is no call of a tool is an error of the protocol.
async function refusal(name, question) {
    try {
        const result = await client.callTool({ name, arguments: question }, undefined, patient);
        return { is_error: result.isError === true, text: result.content.map(block => block.text).join("") };
    } catch (error) {
        return { is_error: true, code: error.code, text: error.message };
    }
}
