import { describe, expect, it } from "vitest";
import { defaultFeatures, eventTypes, parseFeatures } from "../../src/index.ts";

const clicks = {
  name: "clicks",
  description: "Clicks.",
  unit: "count",
  entity: "session",
  source: "click",
  aggregate: { type: "count" },
  window: { type: "session" },
};
const derived = { name: "d", description: "D.", unit: "count", entity: "session" };

const refusal = (...definitions: unknown[]): string => {
  try {
    parseFeatures(JSON.parse(JSON.stringify(definitions)));
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

describe("definitions that arrive as JSON", () => {
  it("are accepted when they are the catalogue's", () => {
    expect(parseFeatures(JSON.parse(JSON.stringify(defaultFeatures)))).toEqual(defaultFeatures);
  });

  it.each(Object.keys(eventTypes))("may read every event of type %s and what all share", (source) => {
    const shared = { ...clicks, source, aggregate: { type: "distinct", field: "view.path" } };
    expect(refusal(shared, { ...clicks, name: "other", source, aggregate: { type: "span", field: "time" } })).toBe(
      "accepted",
    );
  });

  it.each<[string, unknown, string]>([
    [
      "an unknown field",
      { ...clicks, aggregate: { type: "sum", field: "engaged_ms" } },
      "feature clicks: aggregate.field: click has no field engaged_ms; expected a number: seq, time",
    ],
    [
      "a field of the wrong type",
      { ...clicks, aggregate: { type: "sum", field: "view.path" } },
      "feature clicks: aggregate.field: view.path of click is a string; expected a number: ",
    ],
    [
      "a truth value that is condensed",
      { ...clicks, source: "hover", aggregate: { type: "last", field: "clicked" } },
      "clicked of hover is a boolean; expected a number or string",
    ],
    [
      "an unknown event type",
      { ...clicks, source: "clack" },
      'feature clicks: source: Invalid option: expected one of "page_view"',
    ],
    ["an unknown aggregate", { ...clicks, aggregate: { type: "median" } }, "feature clicks: aggregate.type: Invalid"],
    [
      "a window that does not divide",
      { ...clicks, window: { type: "hopping", every_ms: 7000, size_ms: 60000 } },
      "a hopping window has every_ms and panes and nothing else",
    ],
    [
      "too many panes",
      { ...clicks, window: { type: "hopping", every_ms: 7000, panes: 1001 } },
      "feature clicks: window.panes: Too big: expected number to be <=1000; given 1001",
    ],
    [
      "a session's window for a user",
      { ...clicks, entity: "user" },
      "feature clicks: window.type: session is a window of the entity session only",
    ],
    [
      "a rate without a size",
      { ...clicks, aggregate: { type: "rate", per_ms: 1000 } },
      "expected tumbling, hopping or cumulative",
    ],
    [
      "latest_per_view of a page",
      {
        ...clicks,
        entity: "page",
        window: { type: "lifetime" },
        source: "dwell",
        aggregate: { type: "latest_per_view", field: "engaged_ms", combine: "sum" },
      },
      "latest_per_view is an aggregate of the entity session only",
    ],
    [
      "a condition of the wrong type",
      { ...clicks, where: [{ field: "burst", is: "eq", value: "3" }] },
      "feature clicks: where.0.field: burst of click is a number; expected a string",
    ],
    [
      "an order of texts",
      { ...clicks, where: [{ field: "link", is: "lt", value: "a" }] },
      'feature clicks: where.0.value: Invalid input: expected number, received string; given "a"',
    ],
    ["an unknown key", { ...clicks, when: [] }, 'feature clicks: Unrecognized key: "when"'],
    [
      "a name that is not snake_case",
      { ...clicks, name: "Clicks" },
      'feature Clicks: name: expected a name in snake_case of at most 64 characters; given "Clicks"',
    ],
    [
      "an entity that there is",
      { ...clicks, entity: { name: "user", field: "view.path" }, window: { type: "lifetime" } },
      "entity.name: user is an entity already",
    ],
    [
      "an entity without a field",
      { ...clicks, entity: { name: "sku", field: "sku" }, window: { type: "lifetime" } },
      "feature clicks: entity.field: click has no field sku",
    ],
    [
      "an expression that is none",
      { ...derived, derive: { op: "power", left: 1, right: 2 } },
      "feature d: derive: expected a number, { feature }, { op, left, right }",
    ],
    ["no definition at all", 17, "feature number 1: expected an object"],
  ])("are refused with the field and what was expected: %s", (_, definition, message) => {
    expect(refusal(definition)).toContain(message);
  });

  it("are refused when an expression has more than 500 levels", () => {
    const nested = (levels: number) => ({
      ...derived,
      derive: Array.from({ length: levels - 1 }).reduce((of) => ({ op: "not", of }), 1),
    });
    expect(refusal(nested(500))).toBe("accepted");
    expect(refusal(nested(501))).toBe("feature d: derive: expected at most 500 levels of operators");
    expect(() => parseFeatures([nested(100_000)])).toThrow("feature d: derive: expected at most 500 levels");
  });

  it("are refused when they do not hang together", () => {
    expect(refusal(clicks, clicks)).toBe("feature clicks is defined twice: give one another name");
    expect(refusal({ ...derived, derive: { feature: "nothing" } })).toBe(
      "feature d is derived from nothing, which is not defined",
    );
    const user = { ...clicks, entity: "user", window: { type: "lifetime" } };
    expect(refusal(user, { ...derived, derive: { feature: "clicks" } })).toContain(
      "feature d of entity session is derived from clicks of entity user",
    );
    expect(
      refusal(
        { ...derived, derive: { feature: "e" } },
        { ...derived, name: "e", derive: { op: "not", of: { feature: "d" } } },
      ),
    ).toBe("feature d is derived from itself: d <- e <- d");
  });

  it("tell all that is wrong at once", () => {
    const message = refusal({ ...clicks, source: "clack" }, { ...clicks, name: "b", unit: "" });
    expect(message.split("\n")).toHaveLength(2);
  });
});

describe("definitions that no JSON could hold", () => {
  const itself: { of?: unknown } = {};
  itself.of = itself;

  it.each<[string, unknown, string]>([
    [
      "a whole number of any length",
      { ...clicks, unit: 10n },
      "feature clicks: unit: Invalid input: expected string, received bigint; given 10n",
    ],
    ["a symbol", { ...clicks, unit: Symbol("count") }, "received symbol; given a symbol"],
    ["a function", { ...clicks, unit: () => "count" }, "received function; given a function"],
    ["an object that contains itself", { ...clicks, unit: itself }, "given an object that contains itself"],
    [
      "an expression that contains itself",
      { ...derived, derive: itself },
      "feature d: derive: expected at most 500 levels",
    ],
    ["nothing", undefined, "feature number 1: expected an object"],
  ])("are refused with the field and what was expected: %s", (_, definition, message) => {
    expect(() => parseFeatures([definition])).toThrow(message);
  });

  it("are refused for a gap in the list", () => {
    expect(() => parseFeatures(new Array(1))).toThrow("feature number 1: expected an object");
  });
});
