import { expect, it, vi } from "vitest";
import { accept, batch, custom, NOW, newSession, request, rollupVectorOf, vectorOf } from "../workers/client.ts";

const identify = (seq: number, user_id: string) => ({ type: "identify", seq, time: NOW + seq, user_id });

const notFed = async (entity: string): Promise<number> => {
  const text = await (await request("/metrics", { headers: { authorization: "Bearer admin-key" } })).text();
  const key = `tidemark_events_not_fed_total{site="shop",entity="${entity}"} `;
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(key))
      ?.slice(key.length) ?? 0,
  );
};

it("counts a session for its first 8 users and 200 products, and counts the other events for the session only", async () => {
  const session_id = newSession();
  const name = crypto.randomUUID();
  const before = { user: await notFed("user"), product: await notFed("product") };
  const users = Array.from({ length: 12 }, (_, seq) => identify(seq, `user ${seq} ${name}`));
  const products = Array.from({ length: 210 }, (_, index) => ({
    ...custom(12 + index),
    properties: { sku: `product ${index} ${name}` },
  }));
  const user_id = `user 0 ${name}`;
  expect(await accept(batch(users, { session_id }))).toMatchObject({ accepted: 12 });
  expect(await accept(batch(products, { session_id, user_id }))).toMatchObject({ accepted: 210 });

  const has = async (entity: string, index: number) =>
    (await rollupVectorOf(entity, `${entity} ${index} ${name}`)) !== undefined;
  await vi.waitFor(async () => {
    expect([await has("user", 7), await has("product", 199)]).toEqual([true, true]);
    expect([await has("user", 8), await has("product", 200)]).toEqual([false, false]);
    expect([(await notFed("user")) - before.user, (await notFed("product")) - before.product]).toEqual([4, 10]);
  }, 10_000);
  expect((await vectorOf(session_id)).features).toMatchObject({ event_count: 222, custom_event_count: 210 });

  // The ids that the session feeds already still count.
  const again = { ...custom(222), properties: { sku: `product 0 ${name}` } };
  await accept(batch([again], { session_id, user_id }));
  await vi.waitFor(
    async () => expect((await rollupVectorOf("product", `product 0 ${name}`))?.features.product_events).toBe(2),
    10_000,
  );
});
