import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addSamples, families, histogramKey, type Samples, sampleKey } from "../../src/metrics/families.ts";

describe("families", () => {
  it.each(Object.entries(families))(
    "contain %s with a name that shows its type, and a sentence of help",
    (name, { type, help, labels }) => {
      expect(name).toMatch(/^tidemark_[a-z_]+$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      expect(labels).not.toContain("le");
    },
  );
});

describe("sampleKey", () => {
  it("has the labels in the order of the table, whatever the order of the values", () => {
    const key = 'tidemark_requests_total{route="/v1/events",status="200"}';
    expect(sampleKey("tidemark_requests_total", { route: "/v1/events", status: 200 })).toBe(key);
    expect(sampleKey("tidemark_requests_total", { status: 200, route: "/v1/events" })).toBe(key);
  });

  it("has braces without labels, to end the family's name", () => {
    expect(sampleKey("tidemark_events_missing", {})).toBe("tidemark_events_missing{}");
  });

  it("escapes values as the formats require", () => {
    expect(sampleKey("tidemark_events_missing", { site: 'a\\b"c\nd' })).toBe(
      'tidemark_events_missing{site="a\\\\b\\"c\\nd"}',
    );
  });
});

describe("histogramKey", () => {
  it("has the labels of the series, and the bound of a bucket", () => {
    const key = sampleKey("tidemark_wait_seconds", { on: "push", outcome: "ok" });
    expect(histogramKey(key, "bucket", 0.5)).toBe('tidemark_wait_seconds_bucket{on="push",outcome="ok",le="0.5"}');
    expect(histogramKey(key, "sum")).toBe('tidemark_wait_seconds_sum{on="push",outcome="ok"}');
    expect(histogramKey("tidemark_wait_seconds{}", "bucket", "+Inf")).toBe('tidemark_wait_seconds_bucket{le="+Inf"}');
  });
});

describe("addSamples", () => {
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
