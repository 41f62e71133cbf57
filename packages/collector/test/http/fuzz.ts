import { fuzzedBody, problemOf } from "./fuzzed-bodies.ts";

/** A collector that fuzzed bodies are sent to. */
export interface FuzzTarget {
  key: string;
  newSession(): string;
  /** Sends a body to `POST /v1/events`. */
  post(body: Uint8Array<ArrayBuffer>): Promise<{ status: number; text: string }>;
  /** The number of received events in the vector of a session. */
  receivedIn(session_id: string): Promise<number>;
}

/** The result of {@link fuzz}. */
export interface Fuzzed {
  /** Errors of the collector and lost events, in words, each with the seed of its body. */
  problems: string[];
  /** Number of bodies with events that had to be stored. */
  checked: number;
  /** Longest time of a response, in milliseconds. */
  slowest: number;
}

/** Number of bodies of one session, each of a separate tab, and number of bodies that are sent at the same time. */
const IN_SESSION = 100;
const CONNECTIONS = 8;

/** Sends bodies that were changed at random. Checks each response, and that each session has stored its valid events. */
export const fuzz = async ({ key, newSession, post, receivedIn }: FuzzTarget, bodies: number): Promise<Fuzzed> => {
  const first = Math.floor(Math.random() * 2 ** 31);
  const result: Fuzzed = { problems: [], checked: 0, slowest: 0 };
  let sent = 0;
  const sendOne = async (session_id: string, tab: number): Promise<number> => {
    sent += 1;
    const seed = first + sent;
    const fuzzed = fuzzedBody(seed, { key, session_id, tab_id: `tab-${tab}`.padEnd(8, "-") }, Date.now());
    const startedAt = performance.now();
    const { status, text } = await post(fuzzed.body as Uint8Array<ArrayBuffer>);
    result.slowest = Math.max(result.slowest, performance.now() - startedAt);
    const problem = problemOf(fuzzed, status, text);
    if (problem) result.problems.push(`seed ${seed} (${fuzzed.changes.join(", ")}): ${problem}`.slice(0, 1_000));
    if (!fuzzed.intact) return 0;
    result.checked += 1;
    return status === 200 ? (JSON.parse(text) as { accepted: number }).accepted : 0;
  };
  const connection = async () => {
    while (sent < bodies) {
      const session_id = newSession();
      let accepted = 0;
      for (let tab = 0; tab < IN_SESSION && sent < bodies; tab += 1) accepted += await sendOne(session_id, tab);
      const received = accepted > 0 ? await receivedIn(session_id) : 0;
      if (received < accepted) result.problems.push(`${session_id} has ${received} of ${accepted} accepted events`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return result;
};
