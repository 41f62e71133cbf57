import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What befalls a batch on its way to the collector, or its answer on its way back:
 *
 * - `pass`: nothing;
 * - `down`: nobody listens;
 * - `error`: the answer is 500, the collector hears nothing;
 * - `busy`: the answer is 429 with `Retry-After: 2`, the collector hears nothing;
 * - `cut`: the collector takes it in, and the connection is reset before the answer;
 * - `truncate`: the answer breaks off in the middle of its body;
 * - `hang`: the collector hears nothing, and nothing is ever answered;
 * - `slow`: the collector takes it in at once, and its answer takes {@link SLOW_MS};
 * - `late`: it is held back until the next one has been answered;
 * - `twice`: the collector gets it two times.
 */
type Fault = "pass" | "down" | "error" | "busy" | "cut" | "truncate" | "hang" | "slow" | "late" | "twice";

/** How long a slow answer takes, in milliseconds: less than the SDK waits for one. */
const SLOW_MS = 5_000;

/** A proxy in front of the collector that can be told to fail. */
export interface FaultyProxy {
  origin: string;
  /** From now on this happens to batches; with `times` only to so many of them. */
  fail(fault: Fault, times?: number): Promise<void>;
  /** When batches arrived since the last `fail`, in UTC milliseconds, whatever befell them. */
  arrivals(): number[];
  stop(): Promise<void>;
}

/** Starts a proxy of the collector at `target`. */
export const startFaultyProxy = async (target: string): Promise<FaultyProxy> => {
  let fault: Fault = "pass";
  let left = Number.POSITIVE_INFINITY;
  let arrivals: number[] = [];
  let overtake: (() => void) | undefined;

  const forward = (message: IncomingMessage, body: Buffer) =>
    new Promise<{ status: number; headers: IncomingMessage["headers"]; body: Buffer }>((resolve, reject) => {
      const { method, url, headers } = message;
      const onward = request(`${target}${url}`, { method, headers: { ...headers, host: new URL(target).host } });
      onward.on("response", async (answer) => {
        resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: await buffer(answer) });
      });
      onward.on("error", reject);
      onward.end(body);
    });

  const handle = async (message: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(message);
    const isBatch = message.method === "POST" && message.url === "/v1/events";
    if (isBatch) arrivals.push(Date.now());
    const happening = isBatch && left > 0 ? fault : "pass";
    if (happening !== "pass") left -= 1;
    const cors = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after" };
    if (happening === "hang") return;
    if (happening === "error") {
      response.writeHead(500, cors).end("broken");
      return;
    }
    if (happening === "busy") {
      response.writeHead(429, { ...cors, "retry-after": "2" }).end("busy");
      return;
    }
    if (happening === "late")
      await new Promise<void>((resolve) => {
        overtake = resolve;
      });
    if (happening === "twice") await forward(message, body);
    const answer = await forward(message, body);
    if (happening === "slow") await sleep(SLOW_MS);
    else if (isBatch && happening !== "late") overtake?.();
    if (happening === "cut") {
      message.socket.resetAndDestroy();
    } else if (happening === "truncate") {
      response.writeHead(answer.status, { ...cors, "content-length": answer.body.length });
      response.write(answer.body.subarray(0, 5), () => message.socket.destroy());
    } else {
      const { "transfer-encoding": _, connection: __, ...headers } = answer.headers;
      response.writeHead(answer.status, { ...headers, "content-length": answer.body.length }).end(answer.body);
    }
  };

  const server = createServer((message, response) => {
    handle(message, response).catch(() => message.socket.destroy());
  });
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    origin: `http://localhost:${port}`,
    async fail(next, times = Number.POSITIVE_INFINITY) {
      if (next === "down" && server.listening) await close();
      if (next !== "down" && !server.listening) await listen(port);
      fault = next;
      left = times;
      arrivals = [];
    },
    arrivals: () => arrivals,
    async stop() {
      if (server.listening) await close();
    },
  };
};
