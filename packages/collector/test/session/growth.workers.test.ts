import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { accept, batch, NOW, newSession, rewriteSession, rollupVectorOf, vectorOf, view } from "../workers/client.ts";

const { SESSION } = env as unknown as Env;

/** A dwell event whose page states a growth of 1 ms. */
const dwell = (seq: number, engaged_ms: number, view_id = view.view_id) => ({
  ...{ type: "dwell", seq, time: NOW + seq, view_id, engaged_ms, engaged_delta_ms: 1 },
  ...{ visible_ms: engaged_ms, focused_ms: engaged_ms, active_ms: engaged_ms, idle_after_ms: 5_000, rule_version: 1 },
});

/** A session of a new visitor on a new page. */
const visit = () => {
  const session_id = newSession();
  const anonymous_id = `visitor-${crypto.randomUUID().slice(0, 8)}`;
  const path = `/${anonymous_id}`;
  const views = [{ ...view, url: `https://shop.example${path}`, path }];
  const send = (events: unknown[], more: object = {}) =>
    accept(batch(events, { session_id, anonymous_id, views, ...more }));
  const expectEngaged = async (ms: number) => {
    await vi.waitFor(
      async () => {
        const [user, page] = [await rollupVectorOf("user", anonymous_id), await rollupVectorOf("page", path)];
        expect([user?.features.user_engaged_ms, page?.features.page_engaged_ms]).toEqual([ms, ms]);
      },
      { timeout: 20_000 },
    );
  };
  return { session_id, views, send, expectEngaged, stub: SESSION.getByName(`shop:${session_id}`) };
};

describe("the engaged time of users and pages", () => {
  it("is that of the session after a lost batch, an eviction, and a batch that arrives late", async () => {
    const { session_id, send, expectEngaged, stub } = visit();
    await send([dwell(0, 4_000)]);
    await expectEngaged(4_000);
    await evictDurableObject(stub);
    await send([dwell(2, 12_000)]);
    await expectEngaged(12_000);
    await send([dwell(1, 9_000)]);
    await send([dwell(3, 13_000)]);
    await expectEngaged(13_000);
    expect((await vectorOf(session_id)).features.dwell_ms).toBe(13_000);
  });

  it("distinguishes page views of two tabs with the same id", async () => {
    const { session_id, send, expectEngaged } = visit();
    await send([dwell(0, 7_000)]);
    await send([dwell(0, 5_000)], { tab_id: "tab0000002" });
    await expectEngaged(12_000);
    expect((await vectorOf(session_id)).features.dwell_ms).toBe(12_000);
  });

  it("counts no page view twice that began before an earlier version stored the session", async () => {
    const { session_id, views, send, expectEngaged, stub } = visit();
    await send([dwell(0, 4_000)]);
    await expectEngaged(4_000);
    await runInDurableObject(stub, (_, { storage }) =>
      rewriteSession(storage, (stored) => {
        Reflect.deleteProperty(stored, "totals");
        Object.assign(stored.engine, {
          accumulators: "earlier earlier2",
          cells: [
            { ids: [123], seqs: [0], values: [4_000], evicted: null },
            { ids: 0, seqs: 1, values: 2, evicted: null },
          ],
        });
      }),
    );
    await evictDurableObject(stub);
    const later = { ...views[0], view_id: "view000002", started_at: Date.now() + 1_000 };
    await send([dwell(1, 9_000), dwell(2, 3_000, later.view_id)], { views: [...views, later] });
    await expectEngaged(7_000);
    expect((await vectorOf(session_id)).features.dwell_ms).toBe(12_000);
  });
});
