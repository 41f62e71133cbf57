import { vi } from "vitest";
import { MODEL_SERVER } from "./worker.ts";

/** A request to the server of models. */
export interface ModelRequest {
  path: string;
  body: { instances?: number[][]; inputs?: { data: number[] }[]; features?: Record<string, number> };
}

/** Puts a server of models in place of `fetch`, until mocks are restored. `respond` may wait, or throw a cut connection. */
export const serveModels = (respond: (request: ModelRequest) => Response | Promise<Response>): ModelRequest[] => {
  const received: ModelRequest[] = [];
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = String(input);
    if (!url.startsWith(MODEL_SERVER)) return real(input, init);
    const body = init?.body ? JSON.parse(String(init.body)) : {};
    const request = { path: url.slice(MODEL_SERVER.length), body };
    received.push(request);
    const aborted = new Promise<never>((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
    return Promise.race([respond(request), aborted]);
  });
  return received;
};

/** Never responds. */
export const slow = () => new Promise<Response>(() => {});

/** MLServer's answer to an error of the model itself. */
export const plain500 = () => new Response("Internal Server Error", { status: 500 });

/** The connection is cut. */
export const cut = (): Response => {
  throw new TypeError("Network connection lost.");
};

/** KServe's prediction of protocol V1: the number of custom events. */
export const kserve = ({ body }: ModelRequest) => Response.json({ predictions: [body.instances?.[0]?.[0] ?? null] });
