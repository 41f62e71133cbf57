import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

/**
 * A fault of a batch on its way to the collector, or of the response on its way back:
 *
 * - `pass`: no fault;
 * - `down`: the proxy accepts no connection;
 * - `error`: the response is 500, and the collector receives nothing;
 * - `busy`: the response is 429 with `Retry-After: 2`, and the collector receives nothing;
 * - `cut`: the collector stores the batch, and the connection is reset before the response;
 * - `truncate`: the response ends in the middle of its body;
 * - `hang`: the collector receives nothing, and there is no response;
 * - `slow`: the collector stores the batch at once, and the response takes {@link SLOW_MS};
 * - `late`: the proxy holds the batch until it has responded to the next one;
 * - `twice`: the collector receives the batch two times;
 * - `older`: the collector is that at commit 7fd9e8f. It does not state the tab's numbers, and rejects a batch whose page
 *   views state their signals.
 */
type Fault = "pass" | "down" | "error" | "busy" | "cut" | "truncate" | "hang" | "slow" | "late" | "twice" | "older";

/** Time of a slow response, in milliseconds: less than the SDK's time limit. */
const SLOW_MS = 5_000;

/** The first byte of a compressed body. */
const GZIP = 0x1f;

/** Writes the response to a batch as an older collector did. */
const olderResponse = (body: Buffer): Buffer => {
  const { accepted, duplicates, rejected } = JSON.parse(`${body}`);
  return Buffer.from(JSON.stringify({ accepted, duplicates, rejected }));
};

/** The error of an older collector for a batch with a secret or signals; `undefined` for any other batch. */
const olderError = (body: Buffer): Buffer | undefined => {
  const batch = JSON.parse(`${body[0] === GZIP ? gunzipSync(body) : body}`) as { views?: object[] };
  const index = (batch.views ?? []).findIndex((view) => "signals" in view);
  const field = "session_secret" in batch ? "session_secret" : index >= 0 ? `views.${index}.signals` : undefined;
  const message = `${field} is not a field of the contract (contract version 1).`;
  return field ? Buffer.from(JSON.stringify({ error: { code: "invalid_batch", message } })) : undefined;
};

/** A proxy of the collector that injects faults. */
export interface FaultyProxy {
  origin: string;
  /** Sets the fault of the next batches: of `times` batches, or of all. */
  fail(fault: Fault, times?: number): Promise<void>;
  /** Times at which batches arrived since the last `fail`, with any fault, in UTC milliseconds. */
  arrivals(): number[];
  stop(): Promise<void>;
}

/** Starts a proxy of the collector at `target`. */
export const startFaultyProxy = async (target: string): Promise<FaultyProxy> => {
  let fault: Fault = "pass";
  let remaining = Number.POSITIVE_INFINITY;
  let arrivals: number[] = [];
  let releaseLate: (() => void) | undefined;

  const forward = (message: IncomingMessage, body: Buffer) =>
    new Promise<{ status: number; headers: IncomingMessage["headers"]; body: Buffer }>((resolve, reject) => {
      const { method, url, headers } = message;
      // The proxy reads some responses, and so asks for them uncompressed.
      const forwardedHeaders = { ...headers, host: new URL(target).host, "accept-encoding": "identity" };
      const forwarded = request(`${target}${url}`, { method, headers: forwardedHeaders });
      forwarded.on("response", async (response) => {
        resolve({ status: response.statusCode ?? 502, headers: response.headers, body: await buffer(response) });
      });
      forwarded.on("error", reject);
      forwarded.end(body);
    });

  const handle = async (message: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(message);
    const isBatch = message.method === "POST" && message.url === "/v1/events";
    if (isBatch) arrivals.push(Date.now());
    const current = isBatch && remaining > 0 ? fault : "pass";
    if (current !== "pass") remaining -= 1;
    const cors = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after" };
    if (current === "hang") return;
    if (current === "error") {
      response.writeHead(500, cors).end("broken");
      return;
    }
    if (current === "busy") {
      response.writeHead(429, { ...cors, "retry-after": "2" }).end("busy");
      return;
    }
    const rejection = current === "older" ? olderError(body) : undefined;
    if (rejection) {
      response.writeHead(400, cors).end(rejection);
      return;
    }
    if (current === "late")
      await new Promise<void>((resolve) => {
        releaseLate = resolve;
      });
    if (current === "twice") await forward(message, body);
    const forwarded = await forward(message, body);
    if (current === "older") forwarded.body = olderResponse(forwarded.body);
    if (current === "slow") await sleep(SLOW_MS);
    else if (isBatch && current !== "late") releaseLate?.();
    if (current === "cut") {
      message.socket.resetAndDestroy();
    } else if (current === "truncate") {
      response.writeHead(forwarded.status, { ...cors, "content-length": forwarded.body.length });
      response.write(forwarded.body.subarray(0, 5), () => message.socket.destroy());
    } else {
      const { "transfer-encoding": _, connection: __, ...headers } = forwarded.headers;
      response.writeHead(forwarded.status, { ...headers, "content-length": forwarded.body.length }).end(forwarded.body);
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
      remaining = times;
      arrivals = [];
    },
    arrivals: () => arrivals,
    async stop() {
      if (server.listening) await close();
    },
  };
};
