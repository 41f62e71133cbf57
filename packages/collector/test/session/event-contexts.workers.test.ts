import type { BatchResponse } from "@tidemark/schema";
import { describe, expect, it, vi } from "vitest";
import {
  accept,
  batch,
  custom,
  errorOf,
  NOW,
  page,
  post,
  readRollup,
  rollupVectorOf,
  vectorOf,
  view,
} from "../workers/client.ts";

const identify = (user_id: unknown) => ({ type: "identify", seq: 1, time: NOW + 1, user_id });

/** Texts with half of a surrogate pair. JSON can hold them; UTF-8 cannot. */
const illFormed = ["\ud800", "\udc00", "ann\ud83d", "\ude00ann", "a\udc00\ud800b"];

const blank = ["", " ", "\t\n", "\u00a0\u3000"];

const escaped = (text: string) => JSON.stringify(text);

const unique = () => crypto.randomUUID().slice(0, 8);

describe("the id of a user", () => {
  it.each([...illFormed, ...blank].map((id) => [escaped(id), id]))(
    "rejects an identify event with %s alone, with its field",
    async (_, id) => {
      const { accepted, rejected } = await accept(batch([custom(0), identify(id), custom(2)]));
      expect([accepted, rejected.map(({ index, code, path }) => [index, code, path])]).toEqual([
        2,
        [[1, "invalid_field", "user_id"]],
      ]);
    },
  );

  it.each(illFormed.map((id) => [escaped(id), id]))("rejects a batch with %s, with its field", async (_, user_id) => {
    const response = await post(JSON.stringify(batch([custom(0)], { user_id })));
    expect(await errorOf(response)).toEqual([400, "invalid_batch", expect.stringMatching(/^user_id: /)]);
  });

  it.each(blank.map((id) => [escaped(id), id]))("counts as absent in a batch with %s", async (_, user_id) => {
    const anonymous_id = `anonymous-${unique()}`;
    const body = batch([custom(0)], { user_id, anonymous_id });
    expect(await accept(body)).toMatchObject({ accepted: 1 });
    await vi.waitFor(async () => expect(await rollupVectorOf("user", anonymous_id)).toBeDefined(), 20_000);
    expect((await rollupVectorOf("user", anonymous_id))?.anonymous_ids).toBeUndefined();
    expect((await readRollup("user", user_id)).status).toBe(404);
    expect((await vectorOf(body.session_id)).features).toMatchObject({ event_count: 1, identified_count: 0 });
  });

  it.each([" ann ", "a\u0000b", "line\nbreak", "100%", "a/b", "%41", "..", "🎈", "漢".repeat(200), "__proto__"])(
    "may be %j, and its vector can be read",
    async (text) => {
      const user_id = text.length < 190 ? `${text}${unique()}${text}` : text;
      await accept(batch([custom(0), identify(user_id)]));
      await accept(batch([custom(0), custom(1)], { user_id }));
      await vi.waitFor(
        async () => expect((await rollupVectorOf("user", user_id))?.features.user_session_count).toBe(2),
        20_000,
      );
    },
  );
});

describe("an id that the client generates", () => {
  const ids = [...illFormed, ...blank, "session\u00001", "session 01", "session-\ud800", "x".repeat(65)];

  it.each(ids.map((id) => [escaped(id), id]))("rejects %s with its field", async (_, id) => {
    for (const field of ["session_id", "anonymous_id", "tab_id"]) {
      const response = await post(JSON.stringify(batch([custom(0)], { [field]: id })));
      const message = expect.stringMatching(`^${field}: `);
      expect(await errorOf(response)).toEqual([400, "invalid_batch", message]);
    }
    const ofView = await post(JSON.stringify(batch([custom(0)], { views: [{ ...view, view_id: id }] })));
    expect(await errorOf(ofView)).toEqual([400, "invalid_batch", expect.stringMatching(/^views\.0\.view_id: /)]);
    const { accepted, rejected } = await accept(batch([custom(0), { ...page(1), view_id: id }]));
    expect([accepted, rejected.map(({ code, path }) => [code, path])]).toEqual([1, [["invalid_field", "view_id"]]]);
  });
});

describe("the id of a custom entity", () => {
  it.each(["", ...illFormed].map((id) => [escaped(id), id]))(
    "is absent for %s: the event counts for its session only",
    async (_, sku) => {
      const other = unique();
      const events = [
        { ...custom(0), properties: { sku } },
        { ...custom(1), properties: { sku: other } },
      ];
      const body = batch(events);
      expect(await accept(body)).toMatchObject({ accepted: 2, rejected: [] } satisfies Partial<BatchResponse>);
      await vi.waitFor(async () => expect(await rollupVectorOf("product", other)).toBeDefined(), 20_000);
      for (const id of ["", "\ufffd", sku.replaceAll(/\p{Surrogate}/gu, "\ufffd")])
        expect((await readRollup("product", id)).status).toBe(404);
      expect((await vectorOf(body.session_id)).features.event_count).toBe(2);
    },
  );
});
