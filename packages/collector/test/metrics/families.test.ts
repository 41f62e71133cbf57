import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addSamples, families, type Samples, sampleKey } from "../../src/metrics/families.ts";

describe("families", () => {
  it.each(Object.entries(families))(
    "contain %s with a name that shows its type, and a sentence of help",
    (name, { type, help }) => {
      expect(name).toMatch(/^tidemark_[a-z_]+$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      expect(help).toMatch(/^[A-Z].*\.$/);
    },
  );
});

describe("figureKey", () => {
  it("contains the labels in the given order", () => {
    expect(sampleKey("tidemark_requests_total", { route: "/v1/events", status: 200 })).toBe(
      'tidemark_requests_total{route="/v1/events",status="200"}',
    );
  });

  it("has braces without labels, to end the family's name", () => {
    expect(sampleKey("tidemark_events_missing", {})).toBe("tidemark_events_missing{}");
  });
});

describe("addFigures", () => {
  const samples: fc.Arbitrary<Samples> = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.integer());

  it("sums each sample in any order, and does not change its second argument", () => {
    fc.assert(
      fc.property(fc.array(samples), (all) => {
        const before = structuredClone(all);
        const [sum, reversed]: Samples[] = [{}, {}];
        for (const each of all) addSamples(sum as Samples, each);
        for (const each of all.toReversed()) addSamples(reversed as Samples, each);
        expect(sum).toEqual(reversed);
        for (const key of ["a", "b", "c"]) {
          const given = all.filter((each) => key in each);
          expect(sum?.[key]).toBe(
            given.length ? given.reduce((total, each) => total + (each[key] as number), 0) : undefined,
          );
        }
        expect(all).toEqual(before);
      }),
    );
  });
});
