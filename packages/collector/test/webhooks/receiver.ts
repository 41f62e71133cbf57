import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the receiver got. */
interface ReceivedMessage {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The server that receives messages of a webhook. */
export interface Receiver {
  url: string;
  received: ReceivedMessage[];
  respond: (request: IncomingMessage, response: ServerResponse) => void;
  stop(): Promise<void>;
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
};

/** Starts a receiver, which responds with status 204 by default. */
export const startReceiver = async (): Promise<Receiver> => {
  const server = createServer(async (request, response) => {
    const body = await textOf(request).catch(() => "");
    receiver.received.push({ path: request.url ?? "", headers: request.headers, body });
    receiver.respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    respond: (_, response) => response.writeHead(204).end(),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
};
