import fc from "fast-check";
import { expect, it } from "vitest";
import { countDeltas, entityOf, type Push, rollupKey } from "../../src/rollup/push.ts";

it("entityOf returns the entity of a key with any id", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z0-9_]*$/), fc.string(), (entity, id) => {
      expect(entityOf(rollupKey(entity, id))).toBe(entity);
      expect(rollupKey(entity, id).slice(entity.length + 1)).toBe(id);
    }),
  );
});

it("countDeltas counts the deltas of all pushes", () => {
  const delta = { cells: [], event_time: null };
  const pushes: Push[] = [
    { n: 1, shard: 0, deltas: { "user:ann": delta, "page:/": delta } },
    { n: 2, shard: 0, deltas: {} },
    { n: 3, shard: 1, deltas: { "page:/": delta } },
  ];
  expect([countDeltas([]), countDeltas(pushes)]).toEqual([0, 3]);
});
