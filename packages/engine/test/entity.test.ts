import type { Consent, Entity } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { entityId } from "../src/entity.ts";
import type { EventContext } from "../src/event-context.ts";
import { MAX_TEXT_CHARACTERS } from "../src/limits.ts";

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

describe("the id of an event's", () => {
  it("session is that of the session", () => {
    expect(idIn("session")).toBe("session-1");
  });

  it("user is the user's once identified, and the browser's before", () => {
    expect([idIn("user"), idIn("user", { user_id: undefined })]).toEqual(["ann", "browser-1"]);
  });

  it("page is the path of its view, and none outside of any view", () => {
    expect([idIn("page"), idIn("page", { view: undefined })]).toEqual(["/a", undefined]);
  });

  it.each([
    ["boots", "boots"],
    [17, "17"],
    ["", ""],
    ["🎈".repeat(300), "🎈".repeat(MAX_TEXT_CHARACTERS)],
    [true, undefined],
    [null, undefined],
    [["boots"], undefined],
    [undefined, undefined],
  ])("own entity is its field's text or number: %j", (sku, expected) => {
    expect(idIn(product, {}, { properties: { sku } })).toBe(expected);
  });
});

describe("an event whose visitor has answered about personalisation", () => {
  const consent = (personalisation: Consent["personalisation"]): Consent => ({
    measurement: "granted",
    personalisation,
  });

  it.each<Entity>(["user", account])("says something about the person %j only when that was granted", (entity) => {
    expect(idIn(entity, { consent: consent("granted") })).toBe("ann");
    for (const answer of ["pending", "denied"] as const)
      expect(idIn(entity, { consent: consent(answer) })).toBeUndefined();
  });

  it("says something about its session, page and own entities whatever was answered", () => {
    const denied = { consent: consent("denied") };
    expect([
      idIn("session", denied),
      idIn("page", denied),
      idIn(product, denied, { properties: { sku: "boots" } }),
    ]).toEqual(["session-1", "/a", "boots"]);
  });
});
