import { expect } from "vitest";
import { request } from "./client.ts";

/** The result of a tool. */
export interface ToolResult {
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: true;
}

/** Sends a body to `/mcp` as an agent does. */
export const sendToMcp = (body: BodyInit | undefined, headers: Record<string, string> = {}, method = "POST") =>
  request("/mcp", {
    method,
    headers: {
      authorization: "Bearer shop-read-key",
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      ...headers,
    },
    ...(body !== undefined && { body }),
  });

/** Sends a request of the protocol, and returns the response's `result` or `error`. */
export const ask = async (method: string, params?: unknown, readKey = "shop-read-key"): Promise<unknown> => {
  const message = { jsonrpc: "2.0", id: 1, method, params };
  const response = await sendToMcp(JSON.stringify(message), { authorization: `Bearer ${readKey}` });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  const { result, error } = await response.json<{ result?: unknown; error?: unknown }>();
  return result ?? error;
};

/** Calls a tool. */
export const callTool = async (name: string, given?: object, readKey?: string): Promise<ToolResult> =>
  (await ask("tools/call", { name, arguments: given }, readKey)) as ToolResult;

/** Calls a tool, and returns its object, which is also its text as JSON. */
export const resultOf = async (name: string, given?: object, readKey?: string): Promise<Record<string, unknown>> => {
  const { content, structuredContent, isError } = await callTool(name, given, readKey);
  expect({ isError, content }).toEqual({ content: [{ type: "text", text: JSON.stringify(structuredContent) }] });
  return structuredContent ?? {};
};

/** Calls a tool that fails, and returns its text. */
export const failureOf = async (name: string, given?: object, readKey?: string): Promise<string> => {
  const { content, isError, structuredContent } = await callTool(name, given, readKey);
  expect({ isError, structuredContent }).toEqual({ isError: true, structuredContent: undefined });
  const text = content[0]?.text ?? "";
  expect(text).not.toMatch(/\n|\bat \S+:\d+/);
  return text;
};
