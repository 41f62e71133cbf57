import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { asOf, type LoggedEvent, replay } from "@tidemark/engine";
import { defaultFeatures, type Feature } from "@tidemark/schema";
import fc from "fast-check";
import { expect, it } from "vitest";
import { diceOf } from "../../packages/cli/src/visits/dice.ts";
import { definitions } from "../../packages/engine/test/sql/definitions.ts";
import { logs } from "../../packages/engine/test/sql/log.ts";
import { moreFeatures } from "./more-features.ts";
import { visits } from "./visits.ts";

/**
 * @shows an evaluator in Python, written from docs/features.md alone, returns the engine's values for generated visits
 * @needs Python 3.9 or later
 */
const VISITS = 40;

/** Features to compute: definitions and, if `catalogue` is true, those of the page's tables. */
interface Features {
  catalogue: boolean;
  definitions: readonly Feature[];
}

/** A moment at which the features of an entity are computed. */
interface Row {
  entity: string;
  id: string;
  as_of: number;
}

type Values = Record<string, unknown>;

/** The vectors of a log by a name for each: of all entities at their latest events, and of a spine. */
type Vectors = Map<string, Values>;

const named = (latest: [string, string, Values][], spine: Row[], asOfVectors: Values[]): Vectors =>
  new Map([
    ...latest.map(([entity, id, values]): [string, Values] => [`${entity} ${id}`, values]),
    ...asOfVectors.map((values, row): [string, Values] => [JSON.stringify(spine[row]), values]),
  ]);

const fileAt = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const evaluated = (features: Features, log: LoggedEvent[], spine: Row[]): Vectors => {
  const output = execFileSync("python3", ["-B", fileAt("evaluator.py"), fileAt("../../docs/features.md")], {
    input: JSON.stringify({ ...features, log, spine }),
    maxBuffer: 2 ** 30,
    encoding: "utf8",
  });
  const { latest, as_of } = JSON.parse(output);
  return named(latest, spine, as_of);
};

const allOf = ({ catalogue, definitions }: Features): readonly Feature[] =>
  catalogue ? [...defaultFeatures, ...definitions] : definitions;

const computed = (features: Features, log: LoggedEvent[], spine: Row[]): Vectors =>
  named(
    replay(log, allOf(features)).map(({ entity, id, features }) => [entity, id, features]),
    spine,
    asOf(log, allOf(features), spine),
  );

/** Some moments of some entities: near an event of the log, and at any time. */
const spineOf = (features: Features, log: LoggedEvent[], seed: number): Row[] => {
  const dice = diceOf(seed);
  const entities = replay(log, allOf(features)).map(({ entity, id }) => ({ entity, id }));
  return Array.from({ length: entities.length && 40 }, () => ({
    ...dice.pick(entities),
    as_of: dice.pick(log).time + dice.pick([0, 1, dice.integer(1, 90) * 1_000, dice.integer(-9e8, 9e8)]),
  }));
};

/** Whether two values are the same: doubles within a relative 1e-9, all others exactly. */
const agree = (one: unknown, other: unknown): boolean =>
  typeof one === "number" && typeof other === "number" && !(Number.isSafeInteger(one) && Number.isSafeInteger(other))
    ? Math.abs(one - other) <= 1e-9 * Math.abs(one) + 1e-300
    : JSON.stringify(one) === JSON.stringify(other);

/** A value for which the evaluator and the engine differ, as a line. */
const difference = (vector: string, name: string, one: unknown, other: unknown): string =>
  `${vector}, ${name}: evaluator ${JSON.stringify(one)}, engine ${JSON.stringify(other)}`;

/** Asserts that both compute the same values, and returns the number of values. */
const compare = (features: Features, log: LoggedEvent[], seed: number): number => {
  const spine = spineOf(features, log, seed);
  const expected = evaluated(features, log, spine);
  const actual = computed(features, log, spine);
  expect([...actual.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  const values = [...expected].flatMap(([vector, values]) => {
    const others = actual.get(vector) ?? {};
    expect(Object.keys(others).toSorted()).toEqual(Object.keys(values).toSorted());
    return Object.entries(values).map(([name, value]) => ({ vector, name, value, other: others[name] }));
  });
  const differing = values.filter(({ value, other }) => !agree(value, other));
  expect(differing.map(({ vector, name, value, other }) => difference(vector, name, value, other))).toEqual([]);
  return values.length;
};

it("computes the catalogue, and features of custom entities, for visits", () => {
  let compared = 0;
  for (let seed = 1; seed <= VISITS; seed++) {
    compared += compare({ catalogue: true, definitions: moreFeatures }, visits(seed), seed);
  }
  console.log(`${compared} values compared`);
  expect(compared).toBeGreaterThan(50_000);
}, 600_000);

// The generated logs state any `external_referrer`. The evaluator computes it from the page view.
const isComputed = (features: readonly Feature[]) => !JSON.stringify(features).includes("external_referrer");

it("computes generated definitions", () => {
  let compared = 0;
  const cases = definitions.filter(isComputed).chain((features) => fc.tuple(fc.constant(features), logs(features, 80)));
  fc.assert(
    fc.property(cases, fc.nat(), ([features, { events }], seed) => {
      compared += compare({ catalogue: false, definitions: features }, events, seed);
    }),
    { numRuns: 200 },
  );
  console.log(`${compared} values compared`);
}, 600_000);
