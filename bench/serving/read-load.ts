import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "undici";

/** A read that is repeated. */
export interface Read {
  name: string;
  path: string;
  /** Body of a POST request. Default: a GET request. */
  body?: object;
}

/** The latencies of reads by name, in milliseconds. */
export type Latencies = Record<string, number[]>;

/** Sends a read, and returns its response: an object, or a text that is not JSON. @throws Error for any other status than 200 */
export const send = async (pool: Pool, { path, body }: Read, key?: string): Promise<unknown> => {
  const headers = {
    "content-type": "application/json",
    // The Model Context Protocol asks for both.
    accept: "application/json, text/event-stream, */*",
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  const response = await pool.request(
    body === undefined
      ? { path, method: "GET", headers }
      : { path, method: "POST", headers, body: JSON.stringify(body) },
  );
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text.slice(0, 500)}`);
  const isJson = String(response.headers["content-type"]).startsWith("application/json");
  return isJson && text !== "" ? JSON.parse(text) : text;
};

/** A load of reads. */
export interface ReadLoad {
  /** The reads of a round, which are sent in turn. */
  readsOf(round: number): Read[];
  /** Duration, and time from one read to the next, in milliseconds. */
  forMs: number;
  everyMs: number;
  key?: string;
}

/** Sends reads until the time of the load is over, without waiting for responses. */
export const readFor = async (pool: Pool, { readsOf, forMs, everyMs, key }: ReadLoad): Promise<Latencies> => {
  const latencies: Latencies = {};
  const responses: Promise<void>[] = [];
  const readOne = async (read: Read) => {
    const sent = performance.now();
    await send(pool, read, key);
    latencies[read.name] ??= [];
    latencies[read.name]?.push(performance.now() - sent);
  };
  const end = performance.now() + forMs;
  for (let round = 0; performance.now() < end; round += 1)
    for (const read of readsOf(round)) {
      responses.push(readOne(read));
      await sleep(everyMs);
    }
  await Promise.all(responses);
  return latencies;
};
