import { describe, expect, it } from "vitest";
import { alerts } from "../../src/monitor/alerts.ts";
import { toPromql } from "../../src/monitor/promql.ts";
import type { Condition, Query } from "../../src/monitor/query.ts";

const bySite = { by: ["site"] };
const queries: [Query, string][] = [
  [
    { type: "rate", family: "tidemark_events_accepted_total", overSeconds: 60 },
    "sum(rate(tidemark_events_accepted_total[60s]))",
  ],
  [
    { type: "latest", family: "tidemark_sink_paused", where: { site: ["a.b", "c"], sink: { not: 'x"y' } }, ...bySite },
    'sum by (site) (tidemark_sink_paused{site=~"a\\\\.b|c", sink!="x\\"y"})',
  ],
  [
    { type: "greatest", family: "tidemark_sink_paused", where: { sink: { not: ["a", "b"] } }, ...bySite },
    'max by (site) (tidemark_sink_paused{sink!~"a|b"})',
  ],
  [
    { type: "quantile", family: "tidemark_wait_seconds", quantile: 0.99, overSeconds: 300, by: ["on"] },
    "histogram_quantile(0.99, sum by (on, le) (rate(tidemark_wait_seconds_bucket[300s])))",
  ],
  [
    {
      ...{ type: "earlier", bySeconds: 60 },
      of: {
        type: "divide",
        left: { type: "number", value: 2 },
        right: { type: "earlier", bySeconds: 10, of: { type: "latest", family: "tidemark_sink_paused" } },
      },
    },
    "2 / (sum(tidemark_sink_paused offset 70s) != 0)",
  ],
];

describe("toPromql", () => {
  it.each(queries)("writes %j", (query, expected) => {
    expect(toPromql(query)).toBe(expected);
  });

  it("matches conditions by the labels that both have", () => {
    const above = (by: string[]): Condition => ({
      ...{ type: "above", left: { type: "latest", family: "tidemark_sink_paused", by } },
      right: { type: "number", value: 0 },
    });
    expect(toPromql({ type: "and", left: above(["sink", "site"]), right: above(["site"]) })).toMatch(
      /\) and on \(site\) \(/,
    );
    expect(toPromql({ type: "unless", left: above(["site"]), right: above(["site"]) })).toMatch(/\) unless \(/);
    expect(toPromql({ type: "and", left: above(["site"]), right: { type: "always" } })).toMatch(/ and on \(\) vector/);
  });

  it("rejects labels that a family does not have, and sides with different labels", () => {
    const latest = (by: string[]): Query => ({ type: "latest", family: "tidemark_sink_paused", by });
    expect(() => toPromql(latest(["model"]))).toThrow(
      'tidemark_sink_paused has no label "model"; expected one of site, sink',
    );
    expect(() => toPromql({ type: "add", left: latest(["site"]), right: latest(["sink"]) })).toThrow("add: expected");
    expect(() => toPromql({ type: "above", left: latest(["site"]), right: latest([]) })).toThrow("above: expected");
  });
});

describe("the alerts", () => {
  it.each(alerts.map((alert) => [alert.name, alert] as const))(
    "%s names labels that its condition has",
    (name, alert) => {
      expect(name).toMatch(/^Tidemark[A-Z]\w+$/);
      const expression = toPromql(alert.when);
      for (const [, label] of alert.summary.matchAll(/\{(\w+)\}/g))
        expect(expression).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
    },
  );

  it("have different names, and one of them always fires", () => {
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
    expect(alerts.filter(({ severity }) => severity === "none").map(({ when }) => when)).toEqual([{ type: "always" }]);
  });
});
