import { describe, expect, it } from "vitest";
import { parseEventCondition } from "../../src/reactions/event-condition.ts";

const eq = (field: string, value: unknown) => ({ field, is: "eq", value });

describe("a condition of events in a flag", () => {
  it.each([
    ["reaction_acted", "reaction_acted", []],
    ["custom:name=purchase", "custom", [eq("name", "purchase")]],
    ["custom:name=42", "custom", [eq("name", "42")]],
    ["custom:name=a=b", "custom", [eq("name", "a=b")]],
    [
      "custom:properties.price=45.5,properties.plan=pro,properties.isGift=true,properties.code=1e",
      "custom",
      [
        eq("properties.price", 45.5),
        eq("properties.plan", "pro"),
        eq("properties.isGift", true),
        eq("properties.code", "1e"),
      ],
    ],
    ["hover:clicked=false,x=-3", "hover", [eq("clicked", false), eq("x", -3)]],
  ])("is parsed by the kinds of its fields: %s", (text, source, where) => {
    expect(parseEventCondition(text)).toEqual({ name: "outcome", source, where });
  });

  it.each([
    ["", "expects an event type"],
    ["custom:", "expects an event type"],
    ["custom:name", "expects an event type"],
    ["custom:name=a,=b", "expects an event type"],
    ["any", "expected an event type: "],
    ["constructor", "expected an event type: "],
    ["click:colour=red", "click has no field colour; expected "],
    ["click:properties=red", "click has no field properties; expected "],
    ["hover:clicked=1", 'clicked of hover is a boolean; given "1".'],
    ["hover:x=true", 'x of hover is a number; given "true".'],
  ])("is rejected with the expected form: %j", (text, message) => {
    expect(() => parseEventCondition(text)).toThrow(message);
  });
});
