import { describe, expect, it } from "vitest";
import { expose } from "../../src/metrics/exposition.ts";
import { families, sampleKey } from "../../src/metrics/families.ts";

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

  it("omits samples of unknown families", () => {
    expect(expose({ 'tidemark_other_total{site="shop"}': 1, 'tidemark_requests_total_more{site="shop"}': 1 })).toBe(
      expose({}),
    );
  });
});
