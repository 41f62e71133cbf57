import { Pool } from "undici";

/** Connections, each with one request at a time. */
export const CONNECTIONS = 16;

/** What came of the requests that were counted. */
export interface Load {
  /** Requests answered a second. */
  rate: number;
  /** How long each one took, in milliseconds. */
  latencies: number[];
}

/**
 * Posts each body once, as fast as the Worker answers.
 *
 * @param expected What each answer must be, word for word; any with status 200 when not given.
 * @param uncounted How many answers come before any is counted, while the Worker gets under way. Default: none.
 * @param connections Default: {@link CONNECTIONS}.
 * @throws Error with the first answer that is another.
 */
export const post = async (
  origin: string,
  bodies: Buffer[],
  {
    expected,
    uncounted = 0,
    connections = CONNECTIONS,
  }: { expected?: string; uncounted?: number; connections?: number } = {},
): Promise<Load> => {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const latencies: number[] = [];
  const left = bodies.values();
  let answered = 0;
  let begin = performance.now();
  const connection = async () => {
    for (const body of left) {
      const sent = performance.now();
      const answer = await pool.request({ path: "/v1/events", method: "POST", body });
      const text = await answer.body.text();
      answered += 1;
      if (answered === uncounted) begin = performance.now();
      else if (answered > uncounted) latencies.push(performance.now() - sent);
      if (answer.statusCode !== 200 || (expected !== undefined && text !== expected)) {
        throw new Error(`${origin} answered ${answer.statusCode} ${text}`);
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - begin) / 1000;
  await pool.close();
  return { rate: latencies.length / seconds, latencies };
};
