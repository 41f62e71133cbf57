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

const resultOf = (...definitions: unknown[]): string => {
  try {
    parseFeatures(JSON.parse(JSON.stringify(definitions)));
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

describe("parseFeatures", () => {
  it("accepts the catalogue as JSON", () => {
    expect(parseFeatures(JSON.parse(JSON.stringify(defaultFeatures)))).toEqual(defaultFeatures);
  });

  it.each(Object.keys(eventTypes))("accepts features of %s events that read shared fields", (source) => {
    const shared = { ...clicks, source, aggregate: { type: "distinct", field: "view.path" } };
    expect(resultOf(shared, { ...clicks, name: "other", source, aggregate: { type: "span", field: "time" } })).toBe(
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
      "an aggregate of a boolean",
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
      "a hopping window with a size",
      { ...clicks, window: { type: "hopping", every_ms: 7000, size_ms: 60000 } },
      "expected only every_ms and panes in a hopping window",
    ],
    [
      "a window whose panes take too much together",
      {
        ...clicks,
        aggregate: { type: "top_k", field: "target.path", k: 5 },
        window: { type: "hopping", every_ms: 60_000, panes: 1000 },
      },
      "feature clicks: window.panes: top_k in so many panes takes up to 15570000 characters for each entity, of at most 1000000; expected at most 64, with longer steps",
    ],
    [
      "too many panes",
      { ...clicks, window: { type: "hopping", every_ms: 7000, panes: 1001 } },
      "feature clicks: window.panes: Too big: expected number to be <=1000; given 1001",
    ],
    [
      "the window session for a user",
      { ...clicks, entity: "user" },
      "feature clicks: window.type: session is a window of the entity session only; expected lifetime, tumbling, hopping or cumulative",
    ],
    [
      "a rate over a window without a fixed size",
      { ...clicks, aggregate: { type: "rate", per_ms: 1000 } },
      "rate needs a window of fixed size; expected tumbling, hopping or cumulative; given session",
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
      "a comparison of texts by order",
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
      "a custom entity with a reserved name",
      { ...clicks, entity: { name: "user", field: "view.path" }, window: { type: "lifetime" } },
      "entity.name: user is a built-in entity",
    ],
    [
      "a custom entity with an unknown field",
      { ...clicks, entity: { name: "sku", field: "sku" }, window: { type: "lifetime" } },
      "feature clicks: entity.field: click has no field sku",
    ],
    [
      "an unknown operator",
      { ...derived, derive: { op: "power", left: 1, right: 2 } },
      "feature d: derive: expected a number, { feature }, { op, left, right }",
    ],
    ["a definition that is not an object", 17, "feature number 1: expected an object; given 17"],
  ])("rejects %s with the field and the expected value", (_, definition, message) => {
    expect(resultOf(definition)).toContain(message);
  });

  it("rejects an expression with more than 500 levels", () => {
    const nested = (levels: number) => ({
      ...derived,
      derive: Array.from({ length: levels - 1 }).reduce((of) => ({ op: "not", of }), 1),
    });
    expect(resultOf(nested(500))).toBe("accepted");
    expect(resultOf(nested(501))).toBe("feature d: derive: expected at most 500 levels of operators");
    expect(() => parseFeatures([nested(100_000)])).toThrow("feature d: derive: expected at most 500 levels");
  });

  it("rejects definitions that do not fit together", () => {
    expect(resultOf(clicks, clicks)).toBe("feature clicks is defined twice: give one another name");
    expect(resultOf({ ...derived, derive: { feature: "nothing" } })).toBe(
      "feature d is derived from nothing, which is not defined",
    );
    const user = { ...clicks, entity: "user", window: { type: "lifetime" } };
    expect(resultOf(user, { ...derived, derive: { feature: "clicks" } })).toContain(
      "feature d of entity session is derived from clicks of entity user",
    );
    expect(
      resultOf(
        { ...derived, derive: { feature: "e" } },
        { ...derived, name: "e", derive: { op: "not", of: { feature: "d" } } },
      ),
    ).toBe("feature d is derived from itself: d <- e <- d");
  });

  it("reports all problems at once", () => {
    const message = resultOf({ ...clicks, source: "clack" }, { ...clicks, name: "b", unit: "" });
    expect(message.split("\n")).toHaveLength(2);
  });
});

describe("parseFeatures of values that JSON does not support", () => {
  const circular: { of?: unknown } = {};
  circular.of = circular;

  it.each<[string, unknown, string]>([
    [
      "a bigint",
      { ...clicks, unit: 10n },
      "feature clicks: unit: Invalid input: expected string, received bigint; given 10n",
    ],
    ["a symbol", { ...clicks, unit: Symbol("count") }, "received symbol; given a symbol"],
    ["a function", { ...clicks, unit: () => "count" }, "received function; given a function"],
    ["an object that contains itself", { ...clicks, unit: circular }, "given an object that contains itself"],
    [
      "an expression that contains itself",
      { ...derived, derive: circular },
      "feature d: derive: expected at most 500 levels",
    ],
    ["undefined", undefined, "feature number 1: expected an object; given nothing"],
  ])("rejects %s with the field and the expected value", (_, definition, message) => {
    expect(() => parseFeatures([definition])).toThrow(message);
  });

  it("rejects a sparse array", () => {
    expect(() => parseFeatures(new Array(1))).toThrow("feature number 1: expected an object");
  });
});
