import type { Consent, Entity, View } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { entityId } from "../src/entity.ts";
import type { EventContext } from "../src/event-context.ts";
import { MAX_ID_CHARACTERS } from "../src/limits.ts";

const context: EventContext = {
  time: 7,
  tab_id: "tab-a",
  seq: 3,
  session_id: "session-1",
  anonymous_id: "browser-1",
  user_id: "ann",
  view: { view_id: "view-0001", started_at: 0, url: "https://shop.example/a", path: "/a" },
};

const product: Entity = { name: "product", field: "properties.sku" };
const account: Entity = { name: "account", field: "user_id" };

const idIn = (entity: Entity, more: Partial<EventContext> = {}, event = {}) =>
  entityId(entity)(event, { ...context, ...more });

describe("entityId", () => {
  it("reads the session's id for a session", () => {
    expect(idIn("session")).toBe("session-1");
  });

  it("reads the user's id for a user, and the browser's id before identification", () => {
    expect([idIn("user"), idIn("user", { user_id: undefined })]).toEqual(["ann", "browser-1"]);
  });

  it("reads the path of the page view for a page, and undefined outside of any page view", () => {
    expect([idIn("page"), idIn("page", { view: undefined })]).toEqual(["/a", undefined]);
  });

  it.each([undefined, "", "/\ud800"])("reads no id for a page from the path %j", (path) => {
    expect(idIn("page", { view: { ...(context.view as View), path } })).toBeUndefined();
  });

  it.each([
    ["boots", "boots"],
    [17, "17"],
    ["", undefined],
    [" ", " "],
    ["a\u0000b", "a\u0000b"],
    ["boots\ud800", undefined],
    ["\udc00boots", undefined],
    [`${"x".repeat(MAX_ID_CHARACTERS)}\ud800`, undefined],
    ["🎈".repeat(MAX_ID_CHARACTERS), "🎈".repeat(MAX_ID_CHARACTERS)],
    ["🎈".repeat(MAX_ID_CHARACTERS + 1), undefined],
    [true, undefined],
    [null, undefined],
    [["boots"], undefined],
    [undefined, undefined],
  ])("reads the text or number of the field for a custom entity: %j", (sku, expected) => {
    expect(idIn(product, {}, { properties: { sku } })).toBe(expected);
  });
});

describe("an event with an answer about personalisation", () => {
  const consent = (personalisation: Consent["personalisation"]): Consent => ({
    measurement: "granted",
    personalisation,
  });

  it.each<Entity>(["user", account])(
    "counts for the entity %j of a person only when personalisation is granted",
    (entity) => {
      expect(idIn(entity, { consent: consent("granted") })).toBe("ann");
      for (const answer of ["pending", "denied"] as const)
        expect(idIn(entity, { consent: consent(answer) })).toBeUndefined();
    },
  );

  it("counts for its session, page and product for any answer", () => {
    const denied = { consent: consent("denied") };
    expect([
      idIn("session", denied),
      idIn("page", denied),
      idIn(product, denied, { properties: { sku: "boots" } }),
    ]).toEqual(["session-1", "/a", "boots"]);
  });
});
