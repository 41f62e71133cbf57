import type { BatchResponse } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { accept, batch, custom, errorOf, NOW, page, post, vectorOf, view } from "../workers/client.ts";

/** JSON texts that are nested deeply, some beyond the stack of a recursive function. */
const nested: [name: string, text: string][] = [
  ["6 arrays", `${"[".repeat(6)}${"]".repeat(6)}`],
  ["2,000 arrays", `${"[".repeat(2_000)}${"]".repeat(2_000)}`],
  ["100,000 arrays", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["2,000 objects", `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`],
  ["80,000 objects", `${'{"a":'.repeat(80_000)}1${"}".repeat(80_000)}`],
  ["50,000 objects with numbers as names", `${'{"0":'.repeat(50_000)}1${"}".repeat(50_000)}`],
  ["10,000 members named __proto__", `${'{"__proto__":'.repeat(10_000)}1${"}".repeat(10_000)}`],
];

/** The body of a batch, with a text instead of the value "DEEP". */
const bodyWith = (body: object, text: string) => JSON.stringify(body).replace('"DEEP"', text);

const at = { seq: 1, time: NOW + 1 };

const events: [where: string, event: unknown, code: string, path: string][] = [
  ["a property", { ...custom(1), properties: { plain: 1, deep: "DEEP" } }, "invalid_field", "properties.deep"],
  ["a property of a page view", { ...page(1), properties: { deep: "DEEP" } }, "invalid_field", "properties.deep"],
  ["a trait", { type: "identify", ...at, user_id: "ann", traits: { deep: "DEEP" } }, "invalid_field", "traits.deep"],
  ["dropped_properties", { ...custom(1), dropped_properties: ["DEEP"] }, "invalid_field", "dropped_properties.0"],
  ["an unknown field", { ...custom(1), colour: "DEEP" }, "unknown_field", "colour"],
  ["a number", { ...custom(1), time: "DEEP" }, "invalid_field", "time"],
  ["the type", { ...custom(1), type: "DEEP" }, "unknown_type", "type"],
  ["the page view's id", { ...custom(1), view_id: "DEEP" }, "invalid_field", "view_id"],
  [
    "an element",
    { type: "form_start", ...at, view_id: view.view_id, form: { tag: "DEEP", path: "" } },
    "invalid_field",
    "form.tag",
  ],
];

describe.each(nested)("%s in an event", (_, text) => {
  it.each(events)("reject it alone with its field: %s", async (_, event, code, path) => {
    for (const order of ["first", "last"]) {
      const { events, ...rest } = batch([page(0), event, custom(2)]);
      const body = order === "first" ? { events, ...rest } : { ...rest, events };
      const response = await post(bodyWith(body, text));
      expect(response.status).toBe(200);
      const { accepted, rejected } = await response.json<BatchResponse>();
      expect(accepted).toBe(2);
      expect(rejected.map(({ index, code }) => [index, code])).toEqual([[1, code]]);
      expect(rejected[0]?.path.startsWith(path)).toBe(true);
      expect((await vectorOf(rest.session_id)).delivery).toMatchObject({ received: 2, rejected: 1, missing: 0 });
    }
  });

  it("reject it alone as the event itself", async () => {
    const body = batch([page(0), "DEEP", custom(2)]);
    const { accepted, rejected } = await (await post(bodyWith(body, text))).json<BatchResponse>();
    expect([accepted, rejected.map(({ index }) => index)]).toEqual([2, [1]]);
  });

  it("reject it alone in a property named __proto__", async () => {
    const body = bodyWith(batch([page(0), { ...custom(1), properties: { proto: "DEEP" } }, custom(2)]), text);
    const { accepted, rejected } = await (await post(body.replace('"proto"', '"__proto__"'))).json<BatchResponse>();
    expect([accepted, rejected.map(({ index, code }) => [index, code])]).toEqual([2, [[1, "invalid_field"]]]);
  });
});

describe.each(nested)("%s in the envelope", (_, text) => {
  it.each([
    ["v", { v: "DEEP" }],
    ["sent_at", { sent_at: "DEEP" }],
    ["session_id", { session_id: "DEEP" }],
    ["user_id", { user_id: "DEEP" }],
    ["consent", { consent: "DEEP" }],
    ["consent.measurement", { consent: { measurement: "DEEP", personalisation: "granted" } }],
    ["dropped", { dropped: ["DEEP"] }],
    ["views", { views: "DEEP" }],
    ["views.0", { views: ["DEEP"] }],
    ["views.0.title", { views: [{ ...view, title: "DEEP" }] }],
    ["views.0.colour", { views: [{ ...view, colour: "DEEP" }] }],
    ["colour", { colour: "DEEP" }],
  ])("rejects the batch with the field %s", async (field, more) => {
    const [status, code, message] = await errorOf(await post(bodyWith(batch([custom(0)], more), text)));
    expect([status, code]).toEqual([400, "invalid_batch"]);
    expect(message.startsWith(field)).toBe(true);
  });

  it("rejects the batch as one without a key", async () => {
    for (const body of [bodyWith(batch([custom(0)], { key: "DEEP" }), text), text])
      expect(await errorOf(await post(body))).toEqual([401, "unknown_key", expect.any(String)]);
  });

  it("rejects the batch or its only event as its events", async () => {
    const response = await post(bodyWith({ ...batch([]), events: "DEEP" }, text));
    if (text.startsWith("{"))
      expect(await errorOf(response)).toEqual([400, "invalid_batch", expect.stringMatching(/^events: /)]);
    else expect(await response.json()).toMatchObject({ accepted: 0, rejected: [{ index: 0, code: "not_an_object" }] });
  });
});

describe("wide input", () => {
  const wide = Object.fromEntries(Array.from({ length: 25_000 }, (_, index) => [`key${index}`, index]));

  it.each([
    ["unknown fields", { ...custom(1), ...wide }, "unknown_field", "key0"],
    ["properties", { ...custom(1), properties: wide }, "invalid_field", "properties"],
    [
      "items of a property",
      { ...custom(1), properties: { list: Array(100_000).fill(1) } },
      "invalid_field",
      "properties",
    ],
    [
      "empty arrays in a property",
      { ...custom(1), properties: { a: Array(90_000).fill([]) } },
      "invalid_field",
      "properties",
    ],
    [
      "a long name of a property",
      { ...custom(1), properties: { ["x".repeat(400_000)]: 1 } },
      "invalid_field",
      "properties",
    ],
    ["a long name of an unknown field", { ...custom(1), ["x".repeat(400_000)]: 1 }, "unknown_field", "xxx"],
    ["a long text", { ...custom(1, "x".repeat(400_000)) }, "invalid_field", "name"],
  ])("rejects an event alone: %s", async (_, event, code, path) => {
    const { accepted, rejected } = await accept(batch([custom(0), event, custom(2)]));
    expect([accepted, rejected.map(({ index, code }) => [index, code])]).toEqual([2, [[1, code]]]);
    expect(rejected[0]?.path.startsWith(path)).toBe(true);
    expect(JSON.stringify(rejected).length).toBeLessThan(1_000);
  });
});
