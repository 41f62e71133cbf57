import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents, splitUnparsed } from "../../src/wire/split.ts";

const view = { view_id: "view000001", started_at: 1, url: "https://shop.example/" };

const envelope = {
  v: 1,
  key: "tm_shop_aaaaaaaa",
  sent_at: 1,
  session_id: "shop.session-1",
  anonymous_id: "anonymous1",
  tab_id: "tab0000001",
  sdk: "test/1",
};

/** Texts that resemble the place where a batch is split. */
const text = fc.oneof(
  fc.string(),
  fc.constantFrom(',"events":[', '"events":[]}', "]}", '\\",\\"events\\":[', '{"events":'),
);

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constant("events"), text), tie("value"), { maxKeys: 3 }),
  ),
})).value;

const events = fc.array(json, { minLength: 1, maxLength: 4 });

describe("a batch whose last field is `events`", () => {
  it("is split, whatever its fields contain", () => {
    fc.assert(
      fc.property(text, text, events, (title, sdk, list) => {
        const before = { ...envelope, sdk: sdk.slice(0, 60), views: [{ ...view, title: title.slice(0, 300) }] };
        const split = splitUnparsed(JSON.stringify({ ...before, events: list }));
        expect(split?.envelope).toEqual(before);
        expect(JSON.parse(split?.text.envelope ?? "")).toEqual(before);
        expect(readEvents(split?.text.events ?? "")).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });
});

describe("any other body", () => {
  it("is not split, or its second part is not an array of events", () => {
    fc.assert(
      fc.property(
        events,
        fc.oneof(fc.constantFrom("dropped", "views", "key", "events"), text),
        json,
        (list, name, more) => {
          const rest = { ...envelope, views: [view] };
          // An object cannot have the same field twice, so the text is built by hand.
          const body = `${JSON.stringify({ ...rest, events: list }).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(more)}}`;
          const split = splitUnparsed(body);
          if (split) expect(readEvents(split.text.events)).toBeUndefined();
        },
      ),
    );
  });

  it.each([
    "",
    "null",
    "[]",
    '{"events":[]}',
    '{"a":1,"events":[]}',
    '{"a":{"b":1,"events":[1]}}',
    '{"a":",\\"events\\":[]}',
  ])("is not split: %s", (body) => {
    expect(splitUnparsed(body)).toBeUndefined();
  });
});
