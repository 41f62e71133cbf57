import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { ContractFault } from "./contract-target.ts";

/** A request, as the target reads it. */
export interface TargetRequest {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: string;
}

interface TargetResponse {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
};

/** A server on this machine, with the failures of the contract. */
export interface HttpTarget {
  origin: string;
  fail(fault: ContractFault | undefined): void;
  askFor(seconds: number): void;
  stop(): Promise<void>;
}

/**
 * Starts a server.
 *
 * @param respond Stores the records of a request. An error that it throws is that of `stop`.
 * @param unavailable Its answer when it is not available.
 */
export const startHttpTarget = async (
  respond: (request: TargetRequest) => TargetResponse | Promise<TargetResponse>,
  unavailable: TargetResponse,
): Promise<HttpTarget> => {
  let fault: ContractFault | undefined;
  let seconds: number | undefined;
  const wrong: unknown[] = [];
  const server = createServer(async (request, response) => {
    const body = await textOf(request).catch(() => "");
    const answer = ({ status, headers, body: text }: TargetResponse) => response.writeHead(status, headers).end(text);
    if (fault === "silent") return;
    if (fault === "nonsense") return void request.socket.end("ICY 999 nonsense\r\n\r\n");
    if (fault === "unavailable") {
      const wish = seconds === undefined ? {} : { "retry-after": `${seconds}` };
      return void answer({ ...unavailable, headers: { ...unavailable.headers, ...wish } });
    }
    try {
      const url = new URL(request.url ?? "", target.origin);
      const result = await respond({ method: request.method ?? "", url, headers: request.headers, body });
      if (fault === "lost answer") request.socket.destroy();
      else answer(result);
    } catch (error) {
      wrong.push(error);
      answer({ status: 400, body: String(error) });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const target: HttpTarget = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail(next) {
      fault = next;
      seconds = undefined;
    },
    askFor(next) {
      fault = "unavailable";
      seconds = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (wrong.length > 0) throw new AggregateError(wrong, `the target received wrong requests: ${wrong.join("; ")}`);
    },
  };
  return target;
};
