import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { LoggedEvent } from "@tidemark/engine";
import { expect, it, vi } from "vitest";
import { sessionEvents } from "../../../engine/test/session-events.ts";
import { type Env, sessionOf } from "../../src/env.ts";
import { MAX_ACTIVITY_BYTES } from "../../src/session/activity.ts";
import type { StoredSession } from "../../src/session/row.ts";
import { encode } from "../../src/session/row-codec.ts";
import { newSession, rowsOf } from "../workers/client.ts";
import { batchesOf, send } from "../workers/replayed.ts";
import { tenant } from "../workers/worker.ts";

/** Largest state of a session with the features of the catalogue, without the pushes that wait for its partition, in bytes. */
const BUDGET = 20 * 1024;

/** Length of a value in MessagePack, without the padding of a row. */
const lengthOf = (value: unknown): number => encode({ value, end: 0x55 }, 0).lastIndexOf(0x55) - 11;

/** A session of two tabs that fills each list of its state, with titles and names of the largest length. */
const fullSession = (session_id: string, begin: number, count: number): LoggedEvent[] => {
  const reader = sessionEvents(1, begin);
  return Array.from({ length: count }, (_, index) => {
    const event: LoggedEvent = reader.next().value;
    const title = `${event.view?.path} ${"title ".repeat(50)}`.slice(0, 300);
    const name = `name-${index} ${"x".repeat(100)}`.slice(0, 100);
    return {
      ...event,
      session_id,
      ...(event.view && { view: { ...event.view, title } }),
      ...("target" in event && index % 3 === 0 && { target: { ...(event.target as object), name } }),
    } as LoggedEvent;
  });
};

it("the state of a session that fills all of it is at most 20 KiB: features, activity, tabs and ids", async () => {
  const session_id = newSession("blog");
  const now = Date.now();
  const events = fullSession(session_id, now - 4 * 3_600_000, 12_000);
  for (let start = 0; start < events.length; start += 500)
    for (const batch of batchesOf(events.slice(start, start + 500).toSorted((a, b) => (a.tab_id < b.tab_id ? -1 : 1))))
      await vi.waitFor(() => send(batch, now, "tm_blog_bbbbbbbb"), 20_000);
  const object = sessionOf(env as unknown as Env, tenant("blog"), session_id);
  const [row] = (await runInDurableObject(object, (_, { storage }) => rowsOf(storage))) as { state: StoredSession }[];
  if (!row) throw new Error("expected a row of the session");
  const { push_queue: _, ...state } = row.state;
  const { engine, activity } = state;
  const sizes = { features: lengthOf(engine), activity: lengthOf(activity), all: lengthOf(state) };
  expect(sizes.features).toBeLessThanOrEqual(16 * 1024);
  expect(sizes.activity).toBeLessThanOrEqual(MAX_ACTIVITY_BYTES);
  expect(sizes.activity).toBeGreaterThan(0.8 * MAX_ACTIVITY_BYTES);
  expect(sizes.all).toBeLessThanOrEqual(BUDGET);
});
