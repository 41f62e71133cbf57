import { describe, it } from "vitest";
import { defineFeatures, lifetime, session } from "../../src/index.ts";

const named = { name: "f", description: "What it says.", unit: "count" } as const;
const ofSession = { ...named, entity: "session", window: session() } as const;

describe("a definition that cannot be meant is a compile error", () => {
  it("a field that the source does not have", () => {
    // @ts-expect-error clicks have no engaged_ms
    defineFeatures([{ ...ofSession, source: "click", aggregate: { type: "sum", field: "engaged_ms" } }]);
    // @ts-expect-error views have no such field
    defineFeatures([{ ...ofSession, source: "page_view", aggregate: { type: "first", field: "view.pathname" } }]);
    // @ts-expect-error not every event has a target
    defineFeatures([{ ...ofSession, source: "any", aggregate: { type: "distinct", field: "target.path" } }]);
    // @ts-expect-error there is no such type of event
    defineFeatures([{ ...ofSession, source: "clack", aggregate: { type: "count" } }]);
  });

  it("an aggregate on a field of the wrong type", () => {
    // @ts-expect-error a path is no number
    defineFeatures([{ ...ofSession, source: "page_view", aggregate: { type: "sum", field: "view.path" } }]);
    // @ts-expect-error there is no quantile of texts
    defineFeatures([{ ...ofSession, source: "click", aggregate: { type: "quantile", q: 0.5, field: "target.id" } }]);
    // @ts-expect-error a truth value is neither text nor number
    defineFeatures([{ ...ofSession, source: "hover", aggregate: { type: "last", field: "clicked" } }]);
  });

  it("a condition that can never hold", () => {
    const clicks = { ...ofSession, source: "click", aggregate: { type: "count" } } as const;
    // @ts-expect-error texts have no order
    defineFeatures([{ ...clicks, where: [{ field: "link", is: "lt", value: 3 }] }]);
    // @ts-expect-error a number never equals a text
    defineFeatures([{ ...clicks, where: [{ field: "burst", is: "eq", value: "3" }] }]);
    // @ts-expect-error `in` takes a list
    defineFeatures([{ ...clicks, where: [{ field: "link", is: "in", value: "internal" }] }]);
  });

  it("a window that the aggregate or the entity cannot have", () => {
    // @ts-expect-error a rate needs the size of its window
    defineFeatures([{ ...ofSession, source: "click", aggregate: { type: "rate", per_ms: 1000 } }]);
    // @ts-expect-error only a session is as long as a session
    defineFeatures([{ ...ofSession, entity: "user", source: "click", aggregate: { type: "count" } }]);
    const perView = { type: "latest_per_view", field: "engaged_ms", combine: "sum" } as const;
    // @ts-expect-error views are kept apart in their session only
    defineFeatures([{ ...named, entity: "page", window: lifetime(), source: "dwell", aggregate: perView }]);
  });

  it("a window that does not divide, and an unknown key", () => {
    const clicks = { ...named, entity: "user", source: "click", aggregate: { type: "count" } } as const;
    // @ts-expect-error a hopping window is written by its step, not by its size
    defineFeatures([{ ...clicks, window: { type: "hopping", every_ms: 7_000, size_ms: 60_000 } }]);
    // @ts-expect-error a condition is called `where`
    defineFeatures([{ ...clicks, window: lifetime(), when: [] }]);
  });

  it("an entity whose id is no text of the event", () => {
    const count = { ...named, source: "custom", aggregate: { type: "count" }, window: lifetime() } as const;
    defineFeatures([{ ...count, entity: { name: "product", field: "properties.sku" } }]);
    // @ts-expect-error custom events have no sku of their own
    defineFeatures([{ ...count, entity: { name: "product", field: "sku" } }]);
  });
});
