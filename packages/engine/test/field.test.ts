import { describe, expect, it } from "vitest";
import type { EventContext } from "../src/event-context.ts";
import { fieldReader } from "../src/field.ts";

const context: EventContext = {
  time: 7,
  tab_id: "tab-a",
  seq: 3,
  view: { view_id: "view-0001", started_at: 0, url: "https://shop.example/a", path: "/a" },
};

const read = (path: string, event: object) => fieldReader(path)(event, context);

describe("fieldReader", () => {
  it("reads a field of the event", () => {
    expect(read("button", { button: 1 })).toBe(1);
    expect(read("button", {})).toBeUndefined();
  });

  it("reads a field of the context from the context, and not from the event", () => {
    const event = { time: 1, seq: 1, tab_id: "other", view: { path: "/other" } };
    expect(["time", "seq", "tab_id", "view.path"].map((path) => read(path, event))).toEqual([7, 3, "tab-a", "/a"]);
    expect(read("user_id", { user_id: "ann" })).toBeUndefined();
  });

  it("reads an object of the event by the rest of the path as one key", () => {
    expect(read("properties.price", { properties: { price: 5 } })).toBe(5);
    expect(read("properties.a.b", { properties: { "a.b": 1, a: { b: 2 } } })).toBe(1);
  });

  it.each([undefined, null, {}])("returns undefined when the object is %s", (properties) => {
    expect(read("properties.price", { properties })).toBeUndefined();
  });

  it("returns undefined for an inherited property", () => {
    for (const key of ["constructor", "toString", "__proto__"]) {
      expect(read(`properties.${key}`, { properties: {} })).toBeUndefined();
    }
  });
});
