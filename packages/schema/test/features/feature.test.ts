import { describe, it } from "vitest";
import { defineFeatures, lifetime, session } from "../../src/index.ts";

const named = { name: "f", description: "D.", unit: "count" } as const;
const ofSession = { ...named, entity: "session", window: session() } as const;

describe("defineFeatures", () => {
  it("rejects a field that the source does not have", () => {
    // @ts-expect-error clicks have no engaged_ms
    defineFeatures([{ ...ofSession, source: "click", aggregate: { type: "sum", field: "engaged_ms" } }]);
    // @ts-expect-error views have no field pathname
    defineFeatures([{ ...ofSession, source: "page_view", aggregate: { type: "first", field: "view.pathname" } }]);
    // @ts-expect-error not every event has a target
    defineFeatures([{ ...ofSession, source: "any", aggregate: { type: "distinct", field: "target.path" } }]);
    // @ts-expect-error no event has this type
    defineFeatures([{ ...ofSession, source: "clack", aggregate: { type: "count" } }]);
  });

  it("rejects an aggregate on a field of the wrong type", () => {
    // @ts-expect-error a path is not a number
    defineFeatures([{ ...ofSession, source: "page_view", aggregate: { type: "sum", field: "view.path" } }]);
    // @ts-expect-error texts have no quantile
    defineFeatures([{ ...ofSession, source: "click", aggregate: { type: "quantile", q: 0.5, field: "target.id" } }]);
    // @ts-expect-error a boolean is neither text nor number
    defineFeatures([{ ...ofSession, source: "hover", aggregate: { type: "last", field: "clicked" } }]);
  });

  it("rejects a condition that is never true", () => {
    const clicks = { ...ofSession, source: "click", aggregate: { type: "count" } } as const;
    // @ts-expect-error texts have no order
    defineFeatures([{ ...clicks, where: [{ field: "link", is: "lt", value: 3 }] }]);
    // @ts-expect-error a number never equals a text
    defineFeatures([{ ...clicks, where: [{ field: "burst", is: "eq", value: "3" }] }]);
    // @ts-expect-error `in` takes a list
    defineFeatures([{ ...clicks, where: [{ field: "link", is: "in", value: "internal" }] }]);
  });

  it("rejects a window that the aggregate or the entity does not support", () => {
    // @ts-expect-error a rate needs a window of fixed size
    defineFeatures([{ ...ofSession, source: "click", aggregate: { type: "rate", per_ms: 1000 } }]);
    // @ts-expect-error only features of the session have the window session
    defineFeatures([{ ...ofSession, entity: "user", source: "click", aggregate: { type: "count" } }]);
    const perView = { type: "latest_per_view", field: "engaged_ms", combine: "sum" } as const;
    // @ts-expect-error only features of the session have latest_per_view
    defineFeatures([{ ...named, entity: "page", window: lifetime(), source: "dwell", aggregate: perView }]);
  });

  it("rejects a hopping window with a size, and an unknown key", () => {
    const clicks = { ...named, entity: "user", source: "click", aggregate: { type: "count" } } as const;
    // @ts-expect-error a hopping window has every_ms and panes, not size_ms
    defineFeatures([{ ...clicks, window: { type: "hopping", every_ms: 7_000, size_ms: 60_000 } }]);
    // @ts-expect-error conditions are in `where`
    defineFeatures([{ ...clicks, window: lifetime(), when: [] }]);
  });

  it("rejects a custom entity whose field the event does not have", () => {
    const count = { ...named, source: "custom", aggregate: { type: "count" }, window: lifetime() } as const;
    defineFeatures([{ ...count, entity: { name: "product", field: "properties.sku" } }]);
    // @ts-expect-error custom events have no field sku
    defineFeatures([{ ...count, entity: { name: "product", field: "sku" } }]);
  });
});
