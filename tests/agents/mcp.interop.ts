import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import repository from "../../package.json" with { type: "json" };
import { createSampleSession } from "../../packages/cli/src/smoke-test/sample-session.ts";
import config from "../../tidemark.config.ts";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";

/**
 * @shows the official client of the Model Context Protocol lists and calls every tool of the real Worker on workerd, and receives its errors
 * @needs nothing else
 */
const WORKER = new URL("../../worker.ts", import.meta.url);

const TOOLS = [
  ...["list_feature_sets", "get_features", "list_entities", "get_context"],
  ...["list_models", "predict", "explain_feature"],
];

const [site] = config.sites;
const sample = createSampleSession(site as NonNullable<typeof site>);
const { session, user, page } = sample.ids;

let worker: Workerd;
beforeAll(async () => {
  worker = await startWorkerd(WORKER);
  const response = await fetch(`${worker.origin}/v1/events`, { method: "POST", body: JSON.stringify(sample.batch) });
  expect(await response.json()).toMatchObject({ accepted: sample.batch.events.length });
  const headers = { authorization: `Bearer ${worker.readKey}` };
  const isThere = async () =>
    (await fetch(`${worker.origin}/v1/features/page/${encodeURIComponent(page)}`, { headers })).status;
  await vi.waitFor(async () => expect(await isThere()).toBe(200), 20_000);
});
afterAll(() => worker?.remove());

/** Connects a client with a key. */
const connect = async (readKey = worker.readKey) => {
  const transport = new StreamableHTTPClientTransport(new URL(`${worker.origin}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${readKey}` } },
  });
  const client = new Client({ name: "tidemark-test", version: "1.0.0" });
  // The class declares optional properties in another way than the interface that it implements.
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  return { client, transport };
};

/** Calls a tool, and returns its object, which is its text as JSON. */
const call = async (client: Client, name: string, given: Record<string, unknown> = {}) => {
  const { content, structuredContent, isError } = await client.callTool({ name, arguments: given });
  expect({ name, isError, content }).toEqual({
    name,
    content: [{ type: "text", text: JSON.stringify(structuredContent) }],
  });
  return structuredContent as Record<string, unknown>;
};

describe("the official client", { timeout: 120_000 }, () => {
  it("connects, and lists read-only tools with arguments", async () => {
    const { client, transport } = await connect();
    const { devDependencies } = repository;
    console.log(`SDK ${devDependencies["@modelcontextprotocol/sdk"]}, protocol ${transport.protocolVersion}`);
    expect(client.getServerVersion()).toMatchObject({ name: "tidemark", title: "Tidemark, site demo" });
    expect(client.getServerCapabilities()).toEqual({ tools: {} });
    expect(client.getInstructions()).toContain("list_feature_sets");
    expect(transport.sessionId).toBeUndefined();
    expect(await client.ping()).toEqual({});
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(TOOLS);
    for (const { annotations, inputSchema } of tools)
      expect([annotations?.readOnlyHint, inputSchema.type]).toEqual([true, "object"]);
    await transport.terminateSession();
    await client.close();
  });

  it("calls every tool", async () => {
    const { client } = await connect();
    const { sets, entities } = await call(client, "list_feature_sets");
    expect(sets).toMatchObject([{ name: "purchase_intent", version: 1, entity: "session" }]);
    expect(entities).toContainEqual(expect.objectContaining({ entity: "page" }));

    const given = { entity: "session", id: session, set: "purchase_intent" };
    const vector = await call(client, "get_features", given);
    expect(vector).toMatchObject({ id: session, set: { name: "purchase_intent" }, features: { click_count: 1 } });
    const visits = { entity: "user", id: user, features: ["user_session_count"] };
    expect(await call(client, "get_features", visits)).toMatchObject({ features: { user_session_count: 1 } });

    expect(await call(client, "list_entities", { entity: "page", active_within_minutes: 5 })).toMatchObject({
      entities: [{ id: page, age_ms: expect.any(Number) }],
    });
    const context = { entity: "session", id: session };
    const inWords = await client.callTool({ name: "get_context", arguments: context });
    expect(inWords).toMatchObject({ content: [{ text: expect.stringContaining(`viewed ${JSON.stringify(page)}`) }] });
    expect(await call(client, "get_context", { ...context, format: "json" })).toMatchObject({
      steps: [
        { step: "view", path: page },
        { step: "custom", name: "tidemark_test" },
      ],
    });
    expect(await call(client, "list_models")).toMatchObject({ models: [{ name: "purchase", state: "ready" }] });
    const prediction = await call(client, "predict", { model: "purchase", entity: "session", id: session });
    expect(prediction).toMatchObject({ model: "purchase", value: expect.any(Number), fallback: null });
    expect(await call(client, "explain_feature", { name: "click_count" })).toMatchObject({
      computed_as: "count over `click`",
      sql: { dialect: "duckdb", queries: { session_features: expect.stringMatching(/^WITH/) } },
    });
    await client.close();
  });

  it("receives the error of a tool as its result, and any other as an error of the protocol", async () => {
    const { client } = await connect();
    const missing = await client.callTool({ name: "get_features", arguments: { entity: "user", id: "nobody" } });
    expect(missing).toEqual({
      isError: true,
      content: [{ type: "text", text: 'not_found: Site demo has no user "nobody".' }],
    });
    const incomplete = await client.callTool({ name: "predict", arguments: {} });
    expect(incomplete).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("model is missing") }],
    });
    const unknown = await client.callTool({ name: "delete_everything" }).catch((error) => error);
    expect(unknown).toBeInstanceOf(McpError);
    expect(unknown.code).toBe(ErrorCode.InvalidParams);
    await expect(client.listResources()).rejects.toThrow(/Method not found/);
    await client.close();
  });

  it("cannot connect with a wrong key", async () => {
    await expect(connect("wrong")).rejects.toThrow(/unauthorized/);
  });

  it("serves many clients at once, without state between their requests", async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect()));
    const results = await Promise.all(
      clients.flatMap(({ client }) =>
        ["click_count", "event_count"].map((name) =>
          call(client, "get_features", { entity: "session", id: session, features: [name] }),
        ),
      ),
    );
    expect(results.map(({ features }) => features)).toEqual(
      clients.flatMap(() => [{ click_count: 1 }, { event_count: 3 }]),
    );
    await worker.kill();
    await worker.restart();
    expect(await call(clients[0]?.client as Client, "list_models")).toMatchObject({ models: [{ name: "purchase" }] });
    await Promise.all(clients.map(({ client }) => client.close()));
  });
});
