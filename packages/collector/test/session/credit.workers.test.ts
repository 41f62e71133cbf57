import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { accept, batch, NOW, newSession, request, rollupVectorOf } from "../workers/client.ts";

const { SESSION } = env as unknown as Env;

it("credits the pages that a session viewed before a goal, also before an eviction", async () => {
  const session_id = newSession();
  const anonymous_id = `visitor-${crypto.randomUUID().slice(0, 8)}`;
  const paths = ["/guide", "/boots"].map((path) => `${path}-${anonymous_id}`);
  const views = paths.map((path, index) => ({
    ...{ view_id: `view00000${index}`, started_at: NOW, url: `https://shop.example${path}`, path },
  }));
  const send = (events: unknown[]) => accept(batch(events, { session_id, anonymous_id, views }));
  const viewed = (seq: number, view_id = "") => ({ type: "page_view", seq, time: NOW + seq, view_id, cause: "load" });
  const bought = (seq: number, price: number) => ({
    ...{ type: "custom", name: "purchase", seq, time: NOW + seq, properties: { price } },
  });
  const expectLinear = (values: number[]) =>
    vi.waitFor(async () => {
      const vectors = await Promise.all(paths.map((path) => rollupVectorOf("page", path)));
      expect(vectors.map((vector) => vector?.features.assisted_goal_value_linear)).toEqual(values);
    });

  await send([viewed(0, views[0]?.view_id), viewed(1, views[1]?.view_id), bought(2, 90)]);
  await expectLinear([45, 45]);
  await evictDurableObject(SESSION.getByName(`shop:${session_id}`));
  // A repeated batch counts nowhere.
  await send([bought(2, 90), bought(3, 10)]);
  await expectLinear([50, 50]);

  const path = `/v1/features/page/${encodeURIComponent(paths[1] ?? "")}?set=assists`;
  const response = await request(path, { headers: { authorization: "Bearer shop-read-key" } });
  expect(await response.json()).toMatchObject({
    set: { name: "assists", version: 1 },
    features: { assisted_goal_count: 2, page_views: 1 },
  });
});
