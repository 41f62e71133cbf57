import { describe, expect, it } from "vitest";
import { expose } from "../../src/metrics/exposition.ts";
import { addSamples, families, histogramSamples, type Samples, sampleKey } from "../../src/metrics/families.ts";

describe("expose", () => {
  it("writes the help and the type of each family without samples", () => {
    const lines = Object.entries(families).flatMap(([name, { type, help }]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
    ]);
    expect(expose({})).toBe(`${lines.join("\n")}\n`);
  });

  it("writes each sample under its family, in the order of their labels", () => {
    const text = expose({
      [sampleKey("tidemark_requests_total", { route: "/v1/features", status: 200 })]: 3,
      [sampleKey("tidemark_events_missing", { site: "shop" })]: -2,
      [sampleKey("tidemark_requests_total", { route: "/v1/events", status: 400 })]: 1,
    });
    const { type, help } = families.tidemark_requests_total;
    expect(text).toContain(
      [
        `# HELP tidemark_requests_total ${help}`,
        `# TYPE tidemark_requests_total ${type}`,
        'tidemark_requests_total{route="/v1/events",status="400"} 1',
        'tidemark_requests_total{route="/v1/features",status="200"} 3',
        "",
      ].join("\n"),
    );
    expect(text).toContain(
      `# TYPE tidemark_events_missing ${families.tidemark_events_missing.type}\ntidemark_events_missing{site="shop"} -2\n`,
    );
  });

  it("writes the buckets of a histogram with all values up to their bounds", () => {
    const samples: Samples = {};
    const labels = { site: "shop", model: "purchase" };
    for (const value of [0.05, 0.1, 0.11, 0.999, 20_000])
      addSamples(samples, histogramSamples("tidemark_prediction_value", labels, value));
    const series = 'site="shop",model="purchase"';
    const bounds = families.tidemark_prediction_value.bounds.slice(3, -4);
    expect(expose(samples)).toContain(
      [
        "# TYPE tidemark_prediction_value histogram",
        `tidemark_prediction_value_bucket{${series},le="0"} 0`,
        `tidemark_prediction_value_bucket{${series},le="0.1"} 2`,
        `tidemark_prediction_value_bucket{${series},le="0.2"} 3`,
        ...bounds.map((bound) => `tidemark_prediction_value_bucket{${series},le="${bound}"} ${bound < 1 ? 3 : 4}`),
        ...[10, 100, 1_000, 10_000].map((bound) => `tidemark_prediction_value_bucket{${series},le="${bound}"} 4`),
        `tidemark_prediction_value_bucket{${series},le="+Inf"} 5`,
        `tidemark_prediction_value_sum{${series}} 20001.259`,
        `tidemark_prediction_value_count{${series}} 5`,
        "",
      ].join("\n"),
    );
  });

  it("omits samples of unknown families", () => {
    expect(expose({ 'tidemark_other_total{site="shop"}': 1, 'tidemark_requests_total_more{site="shop"}': 1 })).toBe(
      expose({}),
    );
  });
});
