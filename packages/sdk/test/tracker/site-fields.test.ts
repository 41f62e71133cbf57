import { type EventType, eventTypes } from "@tidemark/schema";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CapturedEvent } from "../../src/options/tracker-options.ts";
import { fitSiteFields } from "../../src/tracker/site-fields.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const identity = { time: 0, view_id: "view-1234" };
const fit = (fields: object) => fitSiteFields({ ...identity, ...fields } as unknown as CapturedEvent);

const violationsOf = (type: EventType, event: object | undefined) =>
  eventTypes[type].safeParse(JSON.parse(JSON.stringify({ ...event, seq: 0 }))).error;

/** Anything that a page may pass: also what has no JSON, refers to itself, or throws when it is read. */
const anything = fc.oneof(
  fc.anything({
    maxDepth: 7,
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  }),
  fc.constantFrom<unknown>(() => {}, Symbol("s"), Number.NaN, new Error("no"), "\ud800", "😀".repeat(3_000)),
  fc.string({ minLength: 90, maxLength: 9_000 }),
  fc.anything().map((value) => {
    const circle: Record<string, unknown> = { value };
    circle.self = circle;
    return circle;
  }),
  fc.anything().map((value) =>
    Object.defineProperty({ value }, "thrown", {
      enumerable: true,
      get() {
        throw value;
      },
    }),
  ),
);
const properties = fc.oneof(
  anything,
  fc.dictionary(fc.oneof(fc.string({ maxLength: 120 }), fc.constant("__proto__")), anything),
);

describe("fitSiteFields", () => {
  it("makes any name and properties fit the contract", () => {
    fc.assert(
      fc.property(anything, properties, (name, given) => {
        const event = fit({ type: "custom", name, properties: given });
        if (event) expect(violationsOf("custom", event)).toBeUndefined();
        const isText = typeof name === "string" && name !== "" && name !== "\ud800";
        expect(Boolean(event)).toBe(isText || Number.isFinite(name));
      }),
      { numRuns: 2_000 },
    );
  });

  it("makes any traits fit the contract", () => {
    fc.assert(
      fc.property(properties, (traits) => {
        expect(violationsOf("identify", fit({ type: "identify", user_id: "ada", traits }))).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it("cuts a long name between characters", () => {
    expect(fit({ type: "custom", name: `${"n".repeat(99)}😀` })).toMatchObject({ name: "n".repeat(99) });
  });

  it.each([undefined, null, "", {}, Symbol("s"), () => {}])("makes no event of the name %s", (name) => {
    expect(fit({ type: "custom", name })).toBeUndefined();
  });

  it("keeps the names of properties that were left out before", () => {
    const once = fit({ type: "page_view", cause: "manual", properties: { a: 1n, b: 2 } });
    const again = fit({ ...once, properties: { ...once, c: () => {} } });
    expect(again).toMatchObject({ dropped_properties: ["a", "c"] });
  });

  it.each([5, true, {}, "abc", null, [1], [{}], ["x".repeat(300)], Array(30).fill("a")])(
    "keeps the event if beforeSend names the properties that were left out as %j",
    (dropped_properties) => {
      const event = fit({ type: "custom", name: "sale", properties: { good: 1, bad: 1n }, dropped_properties });
      expect(violationsOf("custom", event)).toBeUndefined();
      expect(event).toMatchObject({ properties: { good: 1 } });
    },
  );

  it("leaves an event without such values as it is", () => {
    expect(fit({ type: "form_start", form: { tag: "form" } })).toEqual({
      ...identity,
      type: "form_start",
      form: { tag: "form" },
    });
  });
});
