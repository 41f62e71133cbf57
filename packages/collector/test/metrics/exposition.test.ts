import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ExpositionFormat, expose } from "../../src/metrics/exposition.ts";
import { addSamples, families, histogramSamples, type Samples, sampleKey } from "../../src/metrics/families.ts";
import { parseExposition } from "./parse-exposition.ts";

const FORMATS: ExpositionFormat[] = ["text", "openmetrics"];

/** The samples of values of a histogram. */
const observed = (values: readonly number[]): Samples => {
  const samples: Samples = {};
  const labels = { site: "shop", model: "purchase", version: 1 };
  for (const value of values) addSamples(samples, histogramSamples("tidemark_prediction_value", labels, value));
  return samples;
};

describe.each(FORMATS)("expose as %s", (format) => {
  it("writes each family with its help and type, without samples too", () => {
    const parsed = parseExposition(expose({}, format), format);
    const expected = Object.entries(families).map(([name, { type, help }]) => ({
      name: format === "openmetrics" ? name.replace(/_total$/, "") : name,
      ...{ type, help, samples: [] },
    }));
    expect(parsed.map(({ unit: _, ...family }) => family)).toEqual(expected);
  });

  it("writes samples of any label values and values, which a reader understands", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[\\"\n{},= #]{0,8}$/),
      fc.constantFrom('"} 1\ntidemark_requests_total{route="x', "\\", "\\n", 'le="5"', "a\r\nb"),
    );
    const value = fc.oneof(fc.integer(), fc.double());
    fc.assert(
      fc.property(fc.array(fc.tuple(hostile, hostile, value), { maxLength: 8 }), (all) => {
        const expected = new Map(all.map(([site, code, value]) => [JSON.stringify([site, code]), value]));
        const samples = Object.fromEntries(
          [...expected].map(([labels, value]) => {
            const [site, code] = JSON.parse(labels) as [string, string];
            return [
              sampleKey("tidemark_events_rejected_total", { site, code, field: "none", release: "other" }),
              value,
            ];
          }),
        );
        const family = parseExposition(expose(samples, format), format).find(({ samples: some }) => some.length > 0);
        const read = new Map(
          family?.samples.map(({ labels: { site, code }, value }) => [JSON.stringify([site, code]), value]),
        );
        // The formats write no negative zero.
        expect(read).toEqual(new Map([...expected].map(([key, value]) => [key, value + 0])));
      }),
    );
  });

  it("writes the buckets of a histogram with all values up to their bounds", () => {
    const text = expose(observed([0.05, 0.1, 0.11, 0.999, 20_000]), format);
    const family = parseExposition(text, format).find(({ name }) => name === "tidemark_prediction_value");
    const byBound = Object.fromEntries(family?.samples.map(({ labels, value }) => [labels.le, value]) ?? []);
    const bound = (value: number) => (format === "openmetrics" ? `${value}.0` : `${value}`);
    const inOrder = [byBound[bound(0)], byBound["0.1"], byBound["0.2"], byBound[bound(1)], byBound["+Inf"]];
    expect(inOrder).toEqual([0, 2, 3, 4, 5]);
    expect(family?.samples.find(({ name }) => name.endsWith("_sum"))?.value).toBe(20_001.259);
    const { le: _, ...labels } = family?.samples[0]?.labels ?? {};
    expect(labels).toEqual({ site: "shop", model: "purchase", version: "1" });
  });

  it("omits samples of unknown families", () => {
    const unknown = { 'tidemark_none_total{site="shop"}': 1, 'tidemark_requests_total_more{site="shop"}': 1 };
    expect(expose(unknown, format)).toBe(expose({}, format));
  });
});

describe("expose as OpenMetrics", () => {
  it("states the unit of families whose names end with one", () => {
    const parsed = parseExposition(expose({}, "openmetrics"), "openmetrics");
    const unitOf = (name: string) => parsed.find((family) => family.name === name)?.unit;
    expect(unitOf("tidemark_wait_seconds")).toBe("seconds");
    expect(unitOf("tidemark_request_bytes")).toBe("bytes");
    expect(unitOf("tidemark_events_accepted")).toBeUndefined();
    expect(unitOf("tidemark_build_info")).toBeUndefined();
  });
});
