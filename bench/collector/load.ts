import { Pool } from "undici";

/** Connections, each with one request at a time. */
export const CONNECTIONS = 16;

/** The measured requests. */
export interface Load {
  /** Responses per second. */
  rate: number;
  /** Durations of the requests, in milliseconds. */
  latencies: number[];
}

/**
 * Posts each body once, as fast as the Worker responds.
 *
 * @param expected Start of the text of each response. Default: any text with status 200.
 * @param uncounted Number of responses before the measured ones, while the Worker warms up. Default: 0.
 * @param connections Default: {@link CONNECTIONS}.
 * @throws Error with the first unexpected response.
 */
export const post = async (
  origin: string,
  bodies: Buffer[],
  {
    expected = "",
    uncounted = 0,
    connections = CONNECTIONS,
  }: { expected?: string; uncounted?: number; connections?: number } = {},
): Promise<Load> => {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const latencies: number[] = [];
  const left = bodies.values();
  let responses = 0;
  let startedAt = performance.now();
  const connection = async () => {
    for (const body of left) {
      const sent = performance.now();
      const response = await pool.request({ path: "/v1/events", method: "POST", body });
      const text = await response.body.text();
      responses += 1;
      if (responses === uncounted) startedAt = performance.now();
      else if (responses > uncounted) latencies.push(performance.now() - sent);
      if (response.statusCode !== 200 || !text.startsWith(expected)) {
        throw new Error(`${origin} responded with ${response.statusCode} ${text}`);
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.close();
  return { rate: latencies.length / seconds, latencies };
};
