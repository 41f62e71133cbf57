import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { batchResponse } from "@tidemark/schema";
import { MAX_BODY_BYTES } from "@tidemark/schema/limits";
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/env.ts";
import { accept, batch, custom, errorOf, NOW, newSession, page, post, request, vectorOf } from "../workers/client.ts";

const { SESSION } = env as unknown as Env;

const gzip = (text: string) =>
  new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();

describe("POST /v1/events", () => {
  it("accepts every event of the contract and folds it into the session", async () => {
    const body = batch([
      page(0),
      custom(1),
      { type: "identify", seq: 2, time: NOW + 2, user_id: "u1", traits: { plan: "pro" } },
    ]);
    expect(await accept(body)).toMatchObject({ accepted: 3, duplicates: 0, rejected: [] });
    const { features } = await vectorOf(body.session_id);
    expect(features).toMatchObject({
      event_count: 3,
      page_view_count: 1,
      custom_event_count: 1,
      identified_count: 1,
      entry_path: "/a",
    });
  });

  it("accepts the valid events of a batch, and rejects each invalid one with its code, field and reason", async () => {
    const body = batch([
      page(0),
      custom(1, ""),
      { ...custom(2), colour: "red" },
      { type: "teleport", seq: 3, time: NOW },
      { type: "custom", seq: 4, time: NOW },
      "no event",
      { ...page(6), view_id: "elsewhere1" },
      { ...custom(7), time: "noon" },
      custom(8),
    ]);
    const response = await accept(body);
    expect(response).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(response.rejected.map(({ index, code, path }) => [index, code, path])).toEqual([
      [1, "invalid_field", "name"],
      [2, "unknown_field", "colour"],
      [3, "unknown_type", "type"],
      [4, "missing_field", "name"],
      [5, "not_an_object", ""],
      [6, "unknown_view", "view_id"],
      [7, "invalid_field", "time"],
    ]);
    expect(response.rejected[6]?.message).toBe('time: expected number, got "noon"');
    expect((await vectorOf(body.session_id)).delivery).toEqual({
      received: 2,
      duplicates: 0,
      rejected: 6,
      dropped: 0,
      missing: 1,
    });
  });

  it("states which numbers of the batch's tab the collector does not need again", async () => {
    const session_id = newSession();
    const acknowledge = async (events: unknown[], more = {}) => {
      const response = await accept(batch(events, { session_id, ...more }));
      expect(batchResponse.parse(response)).toEqual(response);
      return response.tab?.acknowledged;
    };
    expect(await acknowledge([custom(0), custom(1)])).toEqual([[0, 1]]);
    expect(await acknowledge([custom(1), custom(5, ""), custom(6)])).toEqual([
      [0, 1],
      [5, 6],
    ]);
    const dropped = [{ from_seq: 2, to_seq: 3, reason: "overflow" }];
    expect(await acknowledge([custom(4)], { dropped })).toEqual([
      [0, 1],
      [4, 6],
    ]);
    expect(await acknowledge([custom(7)], { tab_id: "tab0000002" })).toEqual([[7, 7]]);
    expect(await acknowledge([custom(0)], { session_id: newSession() })).toEqual([[0, 0]]);
    await evictDurableObject(SESSION.getByName(`shop:${session_id}`));
    expect(await acknowledge([custom(3)])).toEqual([
      [0, 1],
      [3, 6],
    ]);
  });

  it("recognises gzip by its first two bytes, not by the headers", async () => {
    const response = await post(await gzip(JSON.stringify(batch([custom(0)]))), { "content-type": "text/plain" });
    expect(await response.json()).toMatchObject({ accepted: 1, duplicates: 0, rejected: [] });
  });

  it("reads the fields of a batch in any order and with any whitespace", async () => {
    const { events, views, ...rest } = batch([page(0), custom(1, ',"events":[')]);
    const dropped = [{ from_seq: 5, to_seq: 6, reason: "overflow" }];
    const properties = { events: [1, ',"events":['], dropped: [] };
    const bodies = [
      JSON.stringify({ ...rest, views, events }),
      JSON.stringify({ events, views, ...rest }),
      JSON.stringify({ ...rest, events, views }),
      JSON.stringify({ ...rest, views, events, dropped }),
      JSON.stringify({ ...rest, dropped, views, events: [...events, { ...custom(2), properties }] }, undefined, 2),
      JSON.stringify({ ...rest, dropped, views, events: [...events, { ...custom(2), properties }] }),
      `${JSON.stringify({ ...rest, views, events })}\n`,
    ];
    for (const body of bodies) {
      const session_id = newSession();
      const response = await post(body.replace(rest.session_id, session_id));
      expect(await response.json()).toMatchObject({ duplicates: 0, rejected: [] });
      const { received, dropped } = (await vectorOf(session_id)).delivery;
      expect([received, dropped]).toEqual([body.includes("properties") ? 3 : 2, body.includes("overflow") ? 2 : 0]);
    }
  });

  it("sends a page of an allowed origin a readable response without a preflight", async () => {
    const response = await post(JSON.stringify(batch([custom(0)])), {
      origin: "https://www.shop.example",
      "content-type": "text/plain",
    });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
  });

  describe("rejects with a code and a message", () => {
    it.each([
      ["invalid JSON", "{bad", 400, "invalid_json", /^The body is not JSON/],
      [
        "truncated events",
        JSON.stringify(batch([custom(0)])).replace("}]}", "]}"),
        400,
        "invalid_json",
        /^The body is not JSON/,
      ],
      [
        "an unknown envelope field after the events",
        JSON.stringify({ ...batch([custom(0)]), extra: [1] }),
        400,
        "invalid_batch",
        /^extra is not a field/,
      ],
      ["an empty body", "", 400, "invalid_json", /^The body is not JSON/],
      ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), 400, "invalid_json", /^The body is not JSON/],
      ["truncated gzip", new Uint8Array([0x1f, 0x8b, 8, 0, 0]), 400, "invalid_json", /gzip/],
      ["no key", "null", 401, "unknown_key", /^key is missing/],
      [
        "a wrong key",
        JSON.stringify(batch([custom(0)], { key: "tm_shop_wrong" })),
        401,
        "unknown_key",
        /tm_shop_wrong/,
      ],
      [
        "another contract version",
        JSON.stringify(batch([custom(0)], { v: 9 })),
        400,
        "invalid_batch",
        /^v: expected 1, got 9/,
      ],
      ["an envelope without events", JSON.stringify(batch([])), 400, "invalid_batch", /^events: /],
      [
        "an unknown envelope field",
        JSON.stringify(batch([custom(0)], { extra: 1 })),
        400,
        "invalid_batch",
        /^extra is not a field/,
      ],
      [
        "too many events",
        JSON.stringify(batch(Array.from({ length: 501 }, (_, seq) => custom(seq)))),
        400,
        "invalid_batch",
        /^events: .*500/,
      ],
      [
        "a session id of an unknown form",
        JSON.stringify(batch([custom(0)], { session_id: "a b" })),
        400,
        "invalid_batch",
        /^session_id: /,
      ],
      [
        "a session of another site",
        JSON.stringify(batch([custom(0)], { session_id: "blog.session-x" })),
        403,
        "foreign_session",
        /not a session of site shop/,
      ],
      [
        "a body over the limit",
        "x".repeat(MAX_BODY_BYTES + 1),
        413,
        "body_too_large",
        new RegExp(String(MAX_BODY_BYTES)),
      ],
    ] as const)("%s", async (_, body, status, code, message) => {
      expect(await errorOf(await post(body))).toEqual([status, code, expect.stringMatching(message)]);
    });

    it("an endless body without a length", async () => {
      const endless = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
      });
      expect(await errorOf(await post(endless))).toEqual([413, "body_too_large", expect.any(String)]);
    });

    it("a small body that decompresses beyond the limit", async () => {
      const bomb = await gzip("x".repeat(8 * 1024 * 1024));
      expect(bomb.byteLength).toBeLessThan(MAX_BODY_BYTES);
      expect(await errorOf(await post(bomb))).toEqual([413, "body_too_large", expect.any(String)]);
    });

    it.each([
      "https://evil.example",
      "https://shop.example.evil.example",
      "https://a.b.shop.example",
      "http://shop.example",
      "null",
    ])("a page of the foreign origin %s", async (origin) => {
      const response = await post(JSON.stringify(batch([custom(0)])), { origin });
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(await errorOf(response)).toEqual([403, "origin_not_allowed", expect.stringContaining(origin)]);
    });

    it("another method", async () => {
      expect(await errorOf(await request("/v1/events"))).toEqual([405, "method_not_allowed", expect.any(String)]);
    });
  });

  it("accepts a batch after all of the above", async () => {
    expect(await accept(batch([custom(0)]))).toMatchObject({ accepted: 1 });
  });

  it("treats __proto__ as an ordinary name", async () => {
    const session_id = newSession();
    const hostile = JSON.stringify(batch([custom(0)], { session_id, tab_id: "__proto__" })).replace(
      '"name":"x"',
      '"name":"x","properties":{"__proto__":{"a":1}}',
    );
    expect((await post(hostile)).status).toBe(200);
    expect((await vectorOf(session_id)).delivery.received).toBe(1);
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });
});
