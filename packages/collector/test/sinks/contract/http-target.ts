import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { ContractFault, ContractTarget } from "./contract-target.ts";

/** A target that speaks HTTP, without a server: tests serve it, or answer `fetch` with it. */
export interface HttpFake {
  /** Answers a request. @throws Error if the target does not permit the request. */
  respond(request: Request): Promise<Response>;
  /** Its answer when it serves nobody now. */
  unavailable(): Response;
  /** The ids of the stored records in their order; a record that is stored twice is there twice. */
  stored(): string[];
}

/** The failures of a served target. */
interface HttpTarget extends Pick<ContractTarget, "fail" | "stop"> {
  origin: string;
  askFor(seconds: number): void;
}

const requestOf = async (message: IncomingMessage, origin: string): Promise<Request> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk as Uint8Array);
  const { method = "", headers } = message;
  const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
  return new Request(new URL(message.url ?? "", origin), {
    method,
    headers: headers as Record<string, string>,
    ...body,
  });
};

/** Serves a target on this machine, with the failures of the contract. An error that it throws is that of `stop`. */
export const startHttpTarget = async ({
  respond,
  unavailable,
}: Pick<HttpFake, "respond" | "unavailable">): Promise<HttpTarget> => {
  let fault: ContractFault | undefined;
  let seconds: number | undefined;
  const wrong: unknown[] = [];
  const answer = async (request: Request): Promise<Response> => {
    if (fault === "unavailable") {
      const response = unavailable();
      if (seconds !== undefined) response.headers.set("retry-after", `${seconds}`);
      return response;
    }
    try {
      return await respond(request);
    } catch (error) {
      wrong.push(error);
      return new Response(String(error), { status: 400 });
    }
  };
  const server = createServer(async (message, response) => {
    const request = await requestOf(message, target.origin).catch(() => undefined);
    if (!request || fault === "silent") return;
    if (fault === "nonsense") return void message.socket.end("ICY 999 nonsense\r\n\r\n");
    const { status, headers, ...result } = await answer(request).then(async (given) => ({
      ...{ status: given.status, headers: Object.fromEntries(given.headers) },
      body: Buffer.from(await given.arrayBuffer()),
    }));
    if (fault === "lost answer") message.socket.destroy();
    else response.writeHead(status, headers).end(result.body);
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
