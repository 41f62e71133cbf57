import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Dashboard } from "@grafana/schema";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { families } from "../packages/collector/src/metrics/families.ts";
import { alerts } from "../packages/collector/src/monitor/alerts.ts";
import { render } from "../scripts/docs/render.ts";
import { metricsIn, ofChosenSites, unknownIn } from "../scripts/ops/expressions.ts";
import { opsFiles } from "../scripts/ops/files.ts";
import { metrics } from "../scripts/ops/metrics.ts";
import { RULE_TESTS } from "../scripts/ops/rule-tests.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const read = (path: string) => readFileSync(`${ROOT}${path}`, "utf8");

const names = alerts.map(({ name }) => name);

/** The parts of the rules that the tests read. */
interface Rules {
  groups: { rules: { alert?: string; record?: string; expr: string; annotations?: { runbook_url: string } }[] }[];
}

const rulesOf = (path: string) => (parse(read(path)) as Rules).groups.flatMap(({ rules }) => rules);

const dashboards = globSync("ops/dashboards/*.json", { cwd: ROOT })
  .toSorted()
  .map((path) => [path, JSON.parse(read(path)) as Dashboard] as const);

const panelsOf = ({ panels = [] }: Dashboard) => panels.filter(({ type }) => type !== "row");

const expressionsOf = (dashboard: Dashboard) =>
  panelsOf(dashboard).flatMap((panel) =>
    "targets" in panel ? (panel.targets ?? []).map(({ expr }) => String(expr)) : [],
  );

const rules = [...rulesOf("ops/prometheus/alerts.yml"), ...rulesOf("ops/prometheus/recording.yml")];

describe("ops", () => {
  it("is as the metrics and alerts make it: otherwise run pnpm run docs", () => {
    const generated = opsFiles();
    expect(Object.fromEntries(Object.keys(generated).map((path) => [path, read(path)]))).toEqual(generated);
    expect(dashboards.map(([path]) => path)).toEqual(
      Object.keys(generated)
        .filter((path) => path.endsWith(".json"))
        .toSorted(),
    );
  });

  it("has no expression that names an unknown metric or label", () => {
    const expressions = [...dashboards.flatMap(([, each]) => expressionsOf(each)), ...rules.map(({ expr }) => expr)];
    expect(expressions.length).toBeGreaterThan(80);
    expect(expressions.flatMap((each) => unknownIn(each, metrics))).toEqual([]);
  });

  it("has a rule for each alert, with the address of its runbook", () => {
    expect(rules.flatMap(({ alert }) => alert ?? [])).toEqual(names);
    for (const { alert, annotations } of rules)
      if (alert) expect(annotations?.runbook_url).toMatch(new RegExp(`#${alert.toLowerCase()}$`));
  });

  it("has a test in which each alert fires and clears", () => {
    expect(Object.keys(RULE_TESTS).toSorted()).toEqual(names.toSorted());
    expect(names.filter((name) => !RULE_TESTS[name]?.clears)).toEqual(["TidemarkWatchdog"]);
  });

  it("routes only alerts that exist", () => {
    const named = read("ops/alertmanager/alertmanager.yml").matchAll(/Tidemark[A-Z]\w+/g);
    const found = [...new Set([...named].map(([name]) => name))];
    expect(found.length).toBeGreaterThan(3);
    expect(found.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe("the inhibition rules of Alertmanager", () => {
  const { inhibit_rules } = parse(read("ops/alertmanager/alertmanager.yml")) as {
    inhibit_rules: { source_matchers: string[]; target_matchers: string[]; equal?: string[] }[];
  };

  /** Whether the name of an alert meets all matchers. The rules compare names only. */
  const isMatched = (name: string, matchers: readonly string[]): boolean =>
    matchers.every((matcher) => {
      const [, operator, value = ""] = /^alertname(=|=~|!~)"(.+)"$/.exec(matcher) ?? [];
      if (operator === "=") return name === value;
      return new RegExp(`^(?:${value})$`).test(name) === (operator === "=~");
    });

  const inhibitedBy = (source: string): string[] =>
    names.filter((name) =>
      inhibit_rules.some(
        (rule) => isMatched(source, rule.source_matchers) && isMatched(name, rule.target_matchers) && name !== source,
      ),
    );

  it.each([
    ["TidemarkCollectorDown", names.filter((name) => !/CollectorDown|Watchdog/.test(name))],
    ["TidemarkAvailabilityBurnFast", ["TidemarkAvailabilityBurnSlow"]],
    ["TidemarkSinkDown", ["TidemarkSinkLagging"]],
    ["TidemarkSinkPaused", ["TidemarkSinkLagging"]],
    ["TidemarkAvailabilityBurnSlow", []],
  ])("let %s hide only its effects", (source, effects) => {
    expect(inhibitedBy(source)).toEqual(effects);
  });
});

describe.each(dashboards)("%s", (_, dashboard) => {
  const panels = dashboard.panels ?? [];

  it("has panels with ids of their own that do not overlap", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x = 0, y = 0, w = 0, h = 0 } = {} as never }) =>
      Array.from({ length: w * h }, (_each, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it("explains each panel, and reads only the chosen sites", () => {
    for (const { title, description } of panelsOf(dashboard) as { title?: string; description?: string }[])
      expect([title, description?.endsWith(".")]).toEqual([title, true]);
    for (const expression of expressionsOf(dashboard)) expect(ofChosenSites(expression, metrics)).toBe(expression);
  });
});

describe("the check of expressions", () => {
  const known = new Map([["events", ["site"]]]);

  it.each([
    ["sum by (site) (rate(events[5m]))", []],
    ["sum(other)", ["other"]],
    ['events{kind="a"}', ["events{kind}"]],
    ["sum by (sink) (events)", ["(sink)"]],
    ["events / on (sink) group_left () events", ["(sink)"]],
    ["sum by (job) (events)", []],
  ])("of %s finds %s", (expression, expected) => {
    expect(unknownIn(expression, known)).toEqual(expected);
  });

  it("rejects what is no PromQL", () => {
    expect(() => metricsIn("sum(events")).toThrow("no PromQL");
  });

  it.each([
    ["sum(rate(events[5m]))", 'sum(rate(events{site=~"$site"}[5m]))'],
    ['events{kind="a"} offset 1w', 'events{site=~"$site",kind="a"} offset 1w'],
    ['events{site="shop"} + other', 'events{site="shop"} + other'],
  ])("restricts %s to chosen sites", (expression, expected) => {
    expect(ofChosenSites(expression, known)).toBe(expected);
  });
});

describe("docs/runbooks.md", () => {
  const page = read("docs/runbooks.md");
  const sections = page.split("\n## ").slice(1);

  it("has a section for each alert, with its rule of today, and no other", () => {
    expect(sections.map((section) => section.split("\n")[0]).toSorted()).toEqual(names.toSorted());
    expect(render(page)).toBe(page);
  });

  it("says in each section where to look, and what to do", () => {
    for (const section of sections) {
      expect(section).toContain(`<!-- alert ${section.split("\n")[0]} -->`);
      expect(section).toMatch(/^Look |Look at each/m);
      expect(section).toMatch(/^Do\b/m);
    }
  });

  it("names only panels that exist", () => {
    const titles = dashboards.flatMap(([, each]) => panelsOf(each).map(({ title }) => title));
    const rows = dashboards.flatMap(([, { panels = [] }]) => panels.map(({ title }) => title));
    const dashboardNames = dashboards.map(([, { title = "" }]) => title.replace("Tidemark: ", ""));
    const named = [...page.matchAll(/“([^”]+)”/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => ![...titles, ...rows, ...dashboardNames, "Alerts"].includes(name))).toEqual([]);
  });

  it("names only commands and files that exist", () => {
    const known = globSync("packages/cli/src/commands/*.ts", { cwd: ROOT }).map(
      (path) => /name: "tidemark ([^"]+)"/.exec(read(path))?.[1],
    );
    const named = [...page.matchAll(/npx tidemark ([a-z]+(?: (?:[a-z]+-)?[a-z]+)?)/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !known.includes(name) && !known.includes(name.split(" ")[0]))).toEqual([]);
  });
});

describe("docs/slo.md", () => {
  it("has only expressions whose metrics and labels exist", () => {
    const [, block = ""] = /```promql\n(.*?)```/s.exec(read("docs/slo.md")) ?? [];
    const expressions = block.trim().split("\n\n");
    expect(expressions).toHaveLength(4);
    expect(expressions.flatMap((each) => unknownIn(each, metrics))).toEqual([]);
  });
});

describe("the files of ops", () => {
  const exists = (name: string) => name in families || metrics.has(name);

  it("name no metric that does not exist", () => {
    const paths = globSync("ops/**/*.{md,yml}", { cwd: ROOT });
    const named = paths.flatMap((path) => read(path).match(/(?<![:\w])tidemark_\w+/g) ?? []);
    expect(named.length).toBeGreaterThan(50);
    expect([...new Set(named)].filter((name) => !exists(name))).toEqual([]);
  });
});
