import type { Consent } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { validateEvents } from "../../src/wire/validate-events.ts";

const view = { view_id: "view000001", started_at: 0, url: "https://shop.example/", path: "/" };
const custom = { type: "custom", seq: 0, time: 1, name: "x" };
const identify = { type: "identify", seq: 0, time: 1, user_id: "ann" };

const validate = (events: unknown[], consent?: Consent, sent_at = 1) =>
  validateEvents({ events, views: [view], consent, sent_at });

describe("validateEvents", () => {
  it("rejects an event that is older than 8 days when it is sent", () => {
    const sent_at = 1_800_000_000_000;
    const ofAge = (age: number) => ({ ...custom, time: sent_at - age });
    const days = 86_400_000;
    const { valid, rejected } = validate(
      [ofAge(8 * days), ofAge(8 * days + 1), ofAge(3 * 365 * days), ofAge(0), ofAge(-days), { ...custom, time: 0 }],
      undefined,
      sent_at,
    );
    expect(valid).toEqual([0, 3, 4]);
    expect(rejected.map(({ index, code, path }) => [index, code, path])).toEqual([
      [1, "too_old", "time"],
      [2, "too_old", "time"],
      [5, "too_old", "time"],
    ]);
    expect(rejected[2]?.message).toBe("time: 0 is more than 8 days before sent_at, 1800000000000");
  });

  it("validates each event separately, by position", () => {
    const { valid, rejected } = validate([
      custom,
      "no event",
      { ...custom, view_id: view.view_id },
      { ...custom, seq: -1 },
    ]);
    expect(valid).toEqual([0, 2]);
    expect(rejected.map(({ index, code }) => [index, code])).toEqual([
      [1, "not_an_object"],
      [3, "invalid_field"],
    ]);
  });

  it.each<[string, unknown, object]>([
    ["null", null, { code: "not_an_object", path: "", message: "the event is not a JSON object" }],
    ["an array", [custom], { code: "not_an_object", path: "" }],
    ["no type", { seq: 0, time: 1 }, { code: "missing_field", path: "type", message: "type is missing" }],
    [
      "an unknown type",
      { ...custom, type: "clack" },
      { code: "unknown_type", path: "type", message: 'type: the contract has no event "clack"' },
    ],
    ["a type that objects inherit", { ...custom, type: "constructor" }, { code: "unknown_type", path: "type" }],
    [
      "a missing field",
      { type: "custom", seq: 0, time: 1 },
      { code: "missing_field", path: "name", message: "name is missing" },
    ],
    [
      "an unknown field",
      { ...custom, colour: "red" },
      { code: "unknown_field", path: "colour", message: "colour is not a field of the contract" },
    ],
    [
      "a field of another type",
      { ...custom, time: "now" },
      { code: "invalid_field", path: "time", message: 'time: expected number, got "now"' },
    ],
    [
      "a page view that the batch does not describe",
      { ...custom, view_id: "view000002" },
      {
        code: "unknown_view",
        path: "view_id",
        message: 'view_id: the batch\'s views do not describe "view000002"',
      },
    ],
  ])("rejects %s with the field and the reason", (_, event, expected) => {
    const { valid, rejected } = validate([event]);
    expect(valid).toEqual([]);
    expect(rejected).toEqual([expect.objectContaining({ index: 0, ...expected })]);
  });

  it("shortens quoted values", () => {
    const [rejection] = validate([{ ...custom, time: "x".repeat(1_000) }]).rejected;
    expect(rejection?.message).toMatch(/^time: expected number, got "x{56}\.\.\.$/);
  });

  it("rejects identify if personalisation is stated and not granted", () => {
    const validateWith = (personalisation: Consent["personalisation"]) =>
      validate([identify], { measurement: "granted", personalisation });
    expect([validate([identify]).valid, validateWith("granted").valid]).toEqual([[0], [0]]);
    for (const denied of ["pending", "denied"] as const) {
      expect(validateWith(denied).rejected).toEqual([
        expect.objectContaining({ code: "no_consent", path: "user_id", message: expect.stringContaining(denied) }),
      ]);
    }
  });
});
