import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { startLocalStack } from "@tidemark/cli/local-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { filesIn, readDocs } from "./code-in-docs.ts";

/** A request that a chat server has received. */
interface ChatRequest {
  path: string | undefined;
  authorization: string | undefined;
  body: { model: string; messages: { role: string; content: string }[] };
}

/** A server with the interface of OpenAI's chat completions, which answers with the number of messages. */
const startChatServer = async () => {
  const requests: ChatRequest[] = [];
  const server = createServer(async (request, response) => {
    if (!request.url?.startsWith("/v1/")) {
      response.writeHead(404).end("no such model");
      return;
    }
    const body = JSON.parse(await text(request)) as ChatRequest["body"];
    requests.push({ path: request.url, authorization: request.headers.authorization, body });
    const content = `an answer to ${body.messages.length} messages`;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content } }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return { url, requests, stop: () => new Promise((resolve) => server.close(resolve)) };
};

describe("the chat in docs/agents.md", () => {
  let stack: Awaited<ReturnType<typeof startLocalStack>>;
  let chat: Awaited<ReturnType<typeof startChatServer>>;
  let folder: string;

  beforeAll(async () => {
    [stack, chat] = await Promise.all([startLocalStack({ site: EXAMPLE_SITE }), startChatServer()]);
    folder = await mkdtemp(join(tmpdir(), "tidemark-agents-"));
  }, 120_000);

  afterAll(async () => {
    await Promise.all([stack?.stop(), chat?.stop()]);
    if (folder) await rm(folder, { recursive: true });
  });

  /** Sends a page view with a click and a consent. Returns the id of its session. */
  const visit = async (personalisation: string): Promise<string> => {
    const now = Date.now();
    const session_id = `demo.${crypto.randomUUID()}`;
    const common = { time: now - 900, view_id: "view000001" };
    const place = { x: 1, y: 1, page_x: 1, page_y: 1, button: 0, pointer_type: "mouse" };
    const batch = {
      ...{ v: 1, key: "tm_demo_3f9c1e7ab2d84056", sent_at: now, session_id, anonymous_id: "9f8e7d6c5b4a3210" },
      ...{ tab_id: "0a1b2c3d4e5f", sdk: "example/1.0.0", consent: { measurement: "granted", personalisation } },
      views: [{ view_id: "view000001", started_at: now - 900, url: "https://shop.example/shoes", title: "Shoes" }],
      events: [
        { ...common, type: "page_view", seq: 0, cause: "load" },
        { ...common, type: "click", seq: 1, target: { tag: "a", name: "red", path: "a" }, ...place },
      ],
    };
    const response = await fetch(`${stack.collector.origin}/v1/events`, {
      method: "POST",
      body: JSON.stringify(batch),
    });
    expect(response.status).toBe(200);
    return session_id;
  };

  /** Runs the program for a session. Returns its output and its request. */
  const ask = async (session: string, environment: Record<string, string> = {}) => {
    const [program] = filesIn(readDocs("agents.md"));
    const path = join(folder, program?.path ?? "");
    await writeFile(path, program?.code ?? "");
    const env = {
      ...{ COLLECTOR: stack.collector.origin, TIDEMARK_READ_KEY: stack.readKey, SESSION: session, CHAT_URL: chat.url },
      ...environment,
    };
    const { stdout } = await promisify(execFile)(process.execPath, [path, "Which size?"], { env });
    return { stdout, request: chat.requests.at(-1) };
  };

  /** Runs the program, which has to fail. Returns its error. */
  const fail = async (environment: Record<string, string>): Promise<string> => {
    const error = await ask("any", environment).then(
      ({ stdout }) => expect.unreachable(stdout),
      (error: { code: number; stderr: string }) => error,
    );
    expect(error.code).toBe(1);
    return error.stderr;
  };

  it("sends the context as a message of its own, and prints the answer", async () => {
    const { stdout, request } = await ask(await visit("granted"), { CHAT_KEY: "chat-key", CHAT_MODEL: "any" });
    expect(stdout).toBe("an answer to 3 messages\n");
    expect(request).toMatchObject({ path: "/v1/chat/completions", authorization: "Bearer chat-key" });
    const [rules, context, question] = request?.body.messages ?? [];
    expect([request?.body.model, rules?.role, context?.role, question]).toEqual([
      ...["any", "system", "user"],
      { role: "user", content: "Which size?" },
    ]);
    expect(context?.content).toMatch(/^Context of a website's session\. /);
    expect(context?.content).toMatch(/\n- \d\d:\d\d:\d\d viewed "\/shoes", titled "Shoes"\.\n.* clicked "red"\.\n$/);
    expect(rules?.content).not.toContain("shoes");
    expect(rules?.content).toContain("Context of a website's session");
  });

  it("answers without a context if the visitor has refused personalisation, or the collector does not respond", async () => {
    const withoutConsent = await ask(await visit("denied"));
    const withoutCollector = await ask("any", { COLLECTOR: "http://127.0.0.1:1" });
    for (const { stdout, request } of [withoutConsent, withoutCollector]) {
      expect(stdout).toBe("an answer to 2 messages\n");
      expect(request?.body.messages.map(({ role }) => role)).toEqual(["system", "user"]);
      expect(request?.authorization).toBeUndefined();
    }
  });

  it("says in a line why it cannot ask", async () => {
    expect(await fail({ CHAT_URL: "", SESSION: "" })).toBe(
      "Set these variables of the environment: SESSION, CHAT_URL.\n",
    );
    const stopped = await startChatServer();
    await stopped.stop();
    const noAnswer = `No answer from the server of models at ${stopped.url}: Error: connect ECONNREFUSED`;
    expect(await fail({ CHAT_URL: stopped.url })).toMatch(new RegExp(`^${noAnswer}.*\n$`));
    expect(await fail({ CHAT_URL: "chat" })).toMatch(/^No answer from the server of models at chat: .*URL.*\n$/);
    const notFound = "The server of models has answered 404: no such model\n";
    expect(await fail({ CHAT_URL: new URL("/", chat.url).href })).toBe(notFound);
  });
});
