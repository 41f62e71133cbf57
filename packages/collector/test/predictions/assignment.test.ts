import { describe, expect, it } from "vitest";
import { assign } from "../../src/predictions/assignment.ts";
import type { CompiledModel } from "../../src/tenants.ts";

const version = (number: number, more: object = {}) =>
  ({ name: "purchase", version: number, ...more }) as unknown as CompiledModel;
const models = [
  version(1),
  version(2, { canary: 0.1 }),
  version(3, { canary: 0.2 }),
  version(4, { shadow: true }),
  { ...version(1), name: "other" },
];

const COUNT = 20_000;
const ids = Array.from({ length: COUNT }, (_, index) => `demo.session-${index}`);
const versionsOf = (name = "purchase", entity = "session") =>
  ids.map((id) => assign({ models }, name, entity, id).answering.model.version);

describe("assign", () => {
  it("gives each canary its share of the entities, with the probability of the role", () => {
    const versions = versionsOf();
    for (const [number, share] of [
      [1, 0.7],
      [2, 0.1],
      [3, 0.2],
    ] as const) {
      const count = versions.filter((each) => each === number).length;
      // Six standard deviations.
      expect(Math.abs(count / COUNT - share)).toBeLessThan(6 * Math.sqrt((share * (1 - share)) / COUNT));
      const id = ids[versions.indexOf(number)] ?? "";
      const { answering } = assign({ models }, "purchase", "session", id);
      expect(answering.role).toBe(number === 1 ? "primary" : "canary");
      expect(answering.probability).toBeCloseTo(share, 12);
    }
  });

  it("assigns an entity to the same version each time, in another way for each model and entity", () => {
    expect(versionsOf()).toEqual(versionsOf());
    expect(versionsOf("purchase", "user")).not.toEqual(versionsOf());
    const renamed = models.map((model) => ({ ...model, name: "renamed" })).slice(0, 4);
    const others = ids.map((id) => assign({ models: renamed }, "renamed", "session", id).answering.model.version);
    expect(others).not.toEqual(versionsOf());
  });

  it("runs shadows for each entity, and a model without canaries with probability 1", () => {
    const { shadows } = assign({ models }, "purchase", "session", "demo.x");
    expect(shadows).toEqual([{ model: models[3], role: "shadow", probability: 1 }]);
    expect(assign({ models }, "other", "session", "demo.x")).toEqual({
      answering: { model: models[4], role: "primary", probability: 1 },
      shadows: [],
    });
  });

  it("names the models of the site for an unknown one", () => {
    expect(() => assign({ models }, "gone", "session", "x")).toThrow(
      'There is no model "gone"; expected purchase, other.',
    );
  });
});
