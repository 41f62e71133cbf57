import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expose } from "../../src/metrics/exposition.ts";
import { histogramSamples, type Samples, sampleKey } from "../../src/metrics/families.ts";
import { MAX_ALL_SERIES, MAX_SERIES, SeriesSums } from "../../src/metrics/series.ts";
import { parseExposition } from "./parse-exposition.ts";

const received = (site: string, release: string): Samples => ({
  [sampleKey("tidemark_sdk_events_total", { site, release })]: 1,
});

const predicted = (site: string, model: string): Samples =>
  histogramSamples("tidemark_prediction_value", { site, model, version: 1 }, 0.5);

/** The number of series of a site, as Prometheus reads them. */
const seriesOf = (sums: SeriesSums, site: string): number =>
  parseExposition(expose(sums.samples), "text")
    .flatMap(({ samples }) => samples)
    .filter(({ labels }) => labels.site === site).length;

describe("SeriesSums", () => {
  it("keeps the series of a site within the bound, and counts the others under other", () => {
    const sums = new SeriesSums();
    for (let number = 0; number < 4_000; number += 1) sums.add(received("shop", `js/1.0.${number}`));
    sums.add(received("shop", "js/1.0.0"));
    expect(sums.samples['tidemark_sdk_events_total{site="shop",release="js/1.0.0"}']).toBe(2);
    const other = sums.samples['tidemark_sdk_events_total{site="shop",release="other"}'] ?? 0;
    expect(other).toBe(4_000 - MAX_SERIES.ofClients);
    expect(sums.samples['tidemark_series_other_total{site="shop"}']).toBe(other);
  });

  it("leaves room for the labels of the configuration beside those of clients", () => {
    const sums = new SeriesSums();
    for (let number = 0; number < 4_000; number += 1) sums.add(received("shop", `js/1.0.${number}`));
    sums.add(predicted("shop", "purchase"));
    expect(sums.samples['tidemark_prediction_value_count{site="shop",model="purchase",version="1"}']).toBe(1);
    for (let number = 0; number < 1_000; number += 1) sums.add(predicted("shop", `model-${number}`));
    const other = 'tidemark_prediction_value_count{site="shop",model="other",version="other"}';
    expect(sums.samples[other]).toBeGreaterThan(900);
    // Beyond the bound are only the series under other, which the code limits.
    expect(seriesOf(sums, "shop")).toBeLessThanOrEqual(MAX_SERIES.site + 50);
  });

  it("counts the goals beyond the bound together, with their models", () => {
    const sums = new SeriesSums();
    for (let number = 0; number < 4_000; number += 1)
      sums.add({
        [sampleKey("tidemark_lift_goals_total", {
          ...{ site: "shop", reaction: "help", arm: "holdout", goal: `goal-${number}` },
        })]: 1,
      });
    const other = 'tidemark_lift_goals_total{site="shop",reaction="other",arm="other",goal="other"}';
    expect(sums.samples[other]).toBe(4_000 - MAX_SERIES.site);
  });

  it("counts the buckets of a histogram as series", () => {
    const sums = new SeriesSums();
    for (let number = 0; number < 400; number += 1) sums.add(predicted("shop", `model-${number}`));
    expect(seriesOf(sums, "shop")).toBeLessThanOrEqual(MAX_SERIES.site + 50);
    expect(sums.samples['tidemark_prediction_value_count{site="shop",model="model-0",version="1"}']).toBe(1);
    expect(seriesOf(sums, "shop")).toBeGreaterThan(MAX_SERIES.site - 50);
  });

  it("bounds each site alone, and all sites together", () => {
    const sums = new SeriesSums();
    for (let site = 0; site < 30; site += 1)
      for (let number = 0; number < 2_000; number += 1) sums.add(received(`site-${site}`, `js/1.0.${number}`));
    expect(sums.samples['tidemark_sdk_events_total{site="site-1",release="js/1.0.1999"}']).toBe(1);
    expect(Object.keys(sums.samples).length).toBeLessThanOrEqual(MAX_ALL_SERIES + 2 * 30);
  });

  it("loses no count, and restores what it has stored", () => {
    const labels = fc.record({
      site: fc.constantFrom("a", "b"),
      release: fc.string(),
      code: fc.string(),
      field: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(labels, fc.nat())), (all) => {
        const sums = new SeriesSums();
        for (const [each, amount] of all) sums.add({ [sampleKey("tidemark_events_rejected_total", each)]: amount });
        const total = Object.values(sums.samples).reduce((sum, value) => sum + value, 0);
        expect(total).toBe(all.reduce((sum, [, amount]) => sum + amount, 0));
        const restored = new SeriesSums();
        restored.restore(sums.samples);
        expect(restored.samples).toEqual(sums.samples);
      }),
    );
  });

  it("merges the sums of several objects within the bound", () => {
    const parts = Array.from({ length: 8 }, (_, part) => {
      const sums = new SeriesSums();
      for (let number = 0; number < 1_000; number += 1) sums.add(received("shop", `js/${part}.0.${number}`));
      return sums.samples;
    });
    const all = new SeriesSums();
    for (const samples of parts) all.merge(samples);
    expect(seriesOf(all, "shop")).toBeLessThanOrEqual(MAX_SERIES.site);
    const total = Object.values(all.samples).reduce((sum, value) => sum + value, 0);
    expect(total).toBe(8_000);
  });

  it("drops samples of no family, such as those of another release", () => {
    const sums = new SeriesSums();
    sums.add({ 'tidemark_prediction_latency_ms_count{site="shop"}': 1, 'tidemark_none{release="a"}': 1, "": 1 });
    expect(sums.samples).toEqual({});
  });

  it("never keeps apart less than the labels that the code limits", () => {
    const sums = new SeriesSums();
    for (let number = 0; number < 3_500; number += 1) sums.add(received("shop", `js/1.0.${number}`));
    sums.add({
      [sampleKey("tidemark_events_rejected_total", {
        site: "shop",
        code: "too_old",
        field: "time",
        release: "js/9",
      })]: 1,
    });
    expect(
      sums.samples['tidemark_events_rejected_total{site="shop",code="too_old",field="other",release="other"}'],
    ).toBe(1);
    sums.add({ [sampleKey("tidemark_events_accepted_total", { site: "shop" })]: 5 });
    expect(sums.samples['tidemark_events_accepted_total{site="shop"}']).toBe(5);
  });
});
