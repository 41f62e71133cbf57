import type { StateLayouts } from "@tidemark/engine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countDeltas, entityKey, entityOf, type Push, textOfNew } from "../../src/entities/push.ts";

it("entityOf returns the entity of a key with any id", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z0-9_]*$/), fc.string(), (entity, id) => {
      expect(entityOf(entityKey(entity, id))).toBe(entity);
      expect(entityKey(entity, id).slice(entity.length + 1)).toBe(id);
    }),
  );
});

it("countDeltas counts the deltas of all pushes", () => {
  const delta = { cells: [], event_time: null };
  const pushes: Push[] = [
    { n: 1, deltas: { "user:ann": delta, "page:/": delta } },
    { n: 2, deltas: {} },
    { n: 3, deltas: { "page:/": delta } },
  ];
  expect([countDeltas([]), countDeltas(pushes)]).toEqual([0, 3]);
});

describe("textOfNew", () => {
  const layouts = (name: string) => ({ user: { name } }) as unknown as StateLayouts;
  const pushes: Push[] = [
    { n: 1, layouts: layouts("a"), deltas: {} },
    { n: 2, deltas: { "page:/": { cells: [], event_time: 1 } } },
    { n: 3, layouts: layouts("b"), deltas: {} },
    { n: 5, deltas: {} },
  ];
  const text = JSON.stringify(pushes);

  it("is the received text when all pushes are new", () => {
    expect(textOfNew(text, pushes, 0)).toBe(text);
  });

  it.each([
    [1, "a"],
    [2, "b"],
    [4, "b"],
  ])("after %i has the later pushes, the first with layouts %s", (after, name) => {
    const [first, ...others] = JSON.parse(textOfNew(text, pushes, after)) as Push[];
    const [expected, ...expectedOthers] = pushes.filter(({ n }) => n > after);
    expect(first).toEqual({ ...expected, layouts: layouts(name) });
    expect(others).toEqual(expectedOthers);
  });
});
