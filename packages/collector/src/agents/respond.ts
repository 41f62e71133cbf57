import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { ErrorCode } from "@modelcontextprotocol/sdk/types.js";
import type { PredictionReader } from "../serving/predictions.ts";
import { createToolServer } from "./server.ts";

const rejection = (code: ErrorCode, message: string): Response =>
  Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, { status: 400 });

/**
 * The response to a message of the Model Context Protocol: JSON, or status 202 without a body for a notification. No state
 * remains: each request may reach another machine.
 *
 * @param text The body of the request.
 */
export const respondToAgent = async (request: Request, text: string, reader: PredictionReader): Promise<Response> => {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (error) {
    return rejection(ErrorCode.ParseError, `The body is not JSON: ${(error as Error).message}`);
  }
  // Since version 2025-06-18 of the protocol a request has one message.
  if (Array.isArray(message)) return rejection(ErrorCode.InvalidRequest, "The body is a list. Send one message.");
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await createToolServer(reader).connect(transport);
  return transport.handleRequest(request, { parsedBody: message });
};
