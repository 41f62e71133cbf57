import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { SITE, SITE_KEY } from "./deployment.ts";

/** Time between two batches, in milliseconds, and events in each. */
const PAUSE_MS = 250;
const EVENTS = 5;

/** Events of the steady traffic a second. */
export const EVENTS_PER_SECOND = (EVENTS * 1_000) / PAUSE_MS;

/** Number of sessions that send in turn. */
const SESSIONS = 10;

/** How a batch differs from one of a sound page. */
export interface BatchKind {
  /** Release of the SDK. Default: that of the steady traffic. */
  sdk?: string;
  /** Whether the events lack a field, so that the collector rejects them. */
  isInvalid?: boolean;
  /** Age of the events when they are sent, in milliseconds. */
  age?: number;
  /** Time by which the page's clock is behind, in milliseconds. */
  behind?: number;
}

/** A session with one tab. */
export interface DrillSession {
  id: string;
  seq: number;
}

const newSession = (): DrillSession => ({ id: randomUUID(), seq: 0 });

const VIEW = "view-of-the-drill";

/** The batch that a session sends next. */
export const batchOf = ({ id, seq }: DrillSession, now: number, kind: BatchKind = {}): object => {
  const { sdk = "js/1.0.0", isInvalid = false, age = 10, behind = 0 } = kind;
  const clock = now - behind;
  const time = clock - age;
  return {
    ...{ v: CONTRACT_VERSION, key: SITE_KEY, sent_at: clock, session_id: `${SITE}.${id}`, session_secret: id },
    ...{ anonymous_id: id, tab_id: id, sdk, traffic: "test" },
    views: [{ view_id: VIEW, started_at: time - 1_000, url: "https://drill.example/", path: "/" }],
    events: Array.from({ length: EVENTS }, (_, index) => ({
      ...{ type: "custom", seq: seq + index, time, view_id: VIEW },
      ...(!isInvalid && { name: "drill" }),
    })),
  };
};

/** Traffic that goes on until it is stopped. */
export interface Traffic {
  stop(): Promise<void>;
}

/**
 * Sends batches of a kind to a collector, in turn for some sessions. A batch that does not arrive is sent again, as pages do.
 *
 * @param origin Origin of the collector.
 */
export const startTraffic = (origin: string, kind: BatchKind = {}): Traffic => {
  const stopped = new AbortController();
  const run = async () => {
    const sessions = Array.from({ length: SESSIONS }, newSession);
    for (let turn = 0; !stopped.signal.aborted; turn++) {
      const from = Date.now();
      const session = sessions[turn % SESSIONS] as DrillSession;
      const response = await fetch(`${origin}/v1/events`, {
        ...{ method: "POST", body: JSON.stringify(batchOf(session, from, kind)), signal: AbortSignal.timeout(5_000) },
      }).catch(() => undefined);
      await response?.arrayBuffer().catch(() => undefined);
      if (response?.ok) session.seq += EVENTS;
      await sleep(Math.max(0, from + PAUSE_MS - Date.now()), undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
};

/** Something that happens again and again until it is stopped. A failure does not end it. */
export const startRepeating = (everyMs: number, task: () => Promise<unknown>): Traffic => {
  const stopped = new AbortController();
  const run = async () => {
    while (!stopped.signal.aborted) {
      await task().catch(() => {});
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
};
