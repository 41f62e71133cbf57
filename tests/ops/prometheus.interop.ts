import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse, stringify } from "yaml";
import {
  programs,
  runTool,
  type Server,
  startAlertmanager,
  startPrometheus,
  startRecorder,
} from "../../packages/cli/src/drill/servers.ts";
import { families } from "../../packages/collector/src/metrics/families.ts";
import { alerts } from "../../packages/collector/src/monitor/alerts.ts";
import { evaluateCondition, evaluateQuery, type LabelledValue } from "../../packages/collector/src/monitor/evaluate.ts";
import { History, namesIn } from "../../packages/collector/src/monitor/history.ts";
import { toPromql } from "../../packages/collector/src/monitor/promql.ts";
import type { Query } from "../../packages/collector/src/monitor/query.ts";
import { isMeasured } from "../../scripts/docs/metrics-table.ts";
import { dashboards } from "../../scripts/ops/dashboards/index.ts";
import { opsFiles } from "../../scripts/ops/files.ts";
import { recordings } from "../../scripts/ops/recordings.ts";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";
import { samplesIn } from "./scrape.ts";
import { trafficTo } from "./traffic.ts";

const OPS = fileURLToPath(new URL("../../ops/", import.meta.url));

/** Time between two scrapes, in seconds: that of the collector's own history. */
const SCRAPE_S = 10;

/** Number of scrapes with traffic. */
const SCRAPES = 7;

/** Time between two visits, in milliseconds. */
const PAUSE_MS = 400;

/** Difference of a rate between the two evaluations: their samples have times that differ by the way of the request. */
const TOLERANCE = 0.02;

/** Metrics of faults and parts that the traffic does not have, and of values of a week before. */
const WITHOUT_DATA =
  /tidemark_(object_errors|rows_set_aside|log_records_set_aside|daily_cap|series_other|events_not_fed)|offset 604800s/;

/** Longest waits, in milliseconds. */
const METRIC_MS = 30_000;
const FIRING_MS = 110_000;

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let worker: Workerd;
let prometheus: Server;
let textPrometheus: Server;
let alertmanager: Server;
let proxy: Server;
let receivers: Server;
let target: Server;
let adminKey: string;

/** Requests to receivers by path. */
const messages: { path: string; body: string }[] = [];

/** The scrapes of Prometheus: the collector's history has the same samples. */
const scrapes: { at: number; text: string; type: string | null }[] = [];

/** A result of Prometheus. */
interface Found {
  metric: Record<string, string>;
  value: [number, string];
}

/** The result of an expression at a time. @throws Error with Prometheus' message if it has no answer. */
const ask = async (expression: string, atMs: number, server = prometheus): Promise<Found[]> => {
  const body = new URLSearchParams({ query: expression.replaceAll("$site", ".*"), time: `${atMs / 1_000}` });
  const response = await fetch(`${server.origin}/api/v1/query`, { method: "POST", body });
  const answer = (await response.json()) as { error?: string; data?: { result: Found[] } };
  if (!answer.data) throw new Error(`${answer.error}: ${expression}`);
  return answer.data.result;
};

/** Alertmanager's configuration with receivers on this machine, and shorter times. */
const localAlertmanager = (text: string): object => {
  const shorter = (route: Record<string, unknown>): Record<string, unknown> => ({
    ...{ ...route, group_wait: "0s", group_interval: "1s" },
    ...(Array.isArray(route.routes) && { routes: route.routes.map(shorter) }),
  });
  const config = parse(
    text
      .replaceAll("/etc/alertmanager", folder)
      .replaceAll(/https:\/\/(alerts|heartbeat)\.example/g, `${receivers.origin}/$1`),
  );
  const global = { pagerduty_url: `${receivers.origin}/pagerduty`, opsgenie_api_url: `${receivers.origin}/opsgenie/` };
  return { ...config, global: { ...config.global, ...global }, route: shorter(config.route) };
};

/** Prometheus' configuration with the proxy as the collector, and this Alertmanager. */
const localPrometheus = (text: string, path: string, alertmanagers: string): object => {
  const config = parse(text);
  const [job] = config.scrape_configs;
  return {
    ...config,
    global: { scrape_interval: `${SCRAPE_S}s`, evaluation_interval: "5s" },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanagers] }] }] },
    scrape_configs: [
      {
        ...{ ...job, scheme: "http", metrics_path: path, scrape_timeout: "9s" },
        static_configs: [{ targets: [proxy.origin.replace("http://", "")] }],
      },
    ],
  };
};

const secretOf = (text: string): string => `whsec_${Buffer.from(text.padEnd(32)).toString("base64")}`;

const startCollector = () =>
  startWorkerd(
    new URL("workers/watched.ts", import.meta.url),
    {
      ...{ TARGET: target.origin, TIDEMARK_ADMIN_KEY: adminKey },
      HOOK_SECRET: secretOf("a secret of the sinks"),
      WEBHOOK_SECRET: secretOf("a secret of the webhook"),
    },
    {},
    { authorities: [] },
  );

/**
 * @shows a real Prometheus scrapes the collector, answers each expression of dashboards and rules as the collector does, and its alerts reach each receiver of a real Alertmanager
 * @needs Debian, or prometheus 2.42 and alertmanager 0.25 on the path; installs their packages as root
 */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidemark-ops-"));
  adminKey = crypto.randomUUID();
  target = await startRecorder(async ({ url }) => {
    if (url === "/sink" || url === "/hook") return { status: 204, body: "" };
    return { status: url === "/refuse" ? 422 : 500 };
  });
  worker = await startCollector();
  receivers = await startRecorder(async ({ url = "" }, body) => {
    messages.push({ path: url, body });
    return { status: 202, body: '{"status":"success","dedup_key":"key","message":"processed"}' };
  });
  proxy = await startRecorder(async ({ url, headers }) => {
    const at = Date.now();
    const accept = url === "/text" ? "text/plain;version=0.0.4" : (headers.accept ?? "");
    const response = await fetch(`${worker.origin}/metrics`, {
      headers: { accept, authorization: headers.authorization ?? "" },
    });
    const [type, text] = [response.headers.get("content-type"), await response.text()];
    if (url !== "/text" && response.ok) scrapes.push({ at, text, type });
    return { status: response.status, ...(type !== null && { type }), body: text };
  });
  for (const name of ["prometheus.yml", "alerts.yml", "recording.yml", "rules.test.yml"])
    await copyFile(`${OPS}prometheus/${name}`, join(folder, name));
  await writeFile(join(folder, "admin-key"), adminKey);
  await writeFile(join(folder, "pagerduty-routing-key"), "0123456789abcdef0123456789abcdef");
  await writeFile(join(folder, "opsgenie-api-key"), "key");
  await writeFile(join(folder, "slack-webhook-url"), `${receivers.origin}/slack`);
});
afterAll(async () => {
  for (const server of [prometheus, textPrometheus, alertmanager, proxy, receivers, target]) await server?.stop();
  await worker?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** The messages to receivers whose path begins with a text, and whose body contains others. */
const received = (path: string, ...texts: string[]) =>
  messages.filter((each) => each.path.startsWith(path) && texts.every((text) => each.body.includes(text)));

const expectReceived = (path: string, texts: string[], timeout: number) =>
  vi.waitFor(() => expect(received(path, ...texts), `${path} ${texts}`).not.toEqual([]), { timeout, interval: 200 });

/** All queries of the dashboards, with their panel. */
const panels = dashboards.flatMap(({ name, rows }) =>
  rows.flatMap(({ panels: each }) =>
    each.flatMap(({ title, lines }) => lines.map(({ of, legend }) => ({ name: `${name}: ${title}: ${legend}`, of }))),
  ),
);

const queries = panels.flatMap(({ name, of }) => (typeof of === "string" ? [] : [{ name, of }]));

/** Values by labels, in the order of the labels. */
const byLabels = (values: readonly LabelledValue[]) =>
  Object.fromEntries(
    values
      .map(({ labels, value }) => [JSON.stringify(Object.entries(labels).toSorted()), value] as const)
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );

const foundByLabels = (found: readonly Found[]) =>
  byLabels(found.map(({ metric: { __name__, ...labels }, value }) => ({ labels, value: Number(value[1]) })));

const withoutNaN = (values: Record<string, number>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => !Number.isNaN(value)));

describe("the files", () => {
  it("are accepted by promtool, and each alert fires and clears", async () => {
    const promtool = programs.promtool();
    console.log((await runTool(programs.prometheus(), ["--version"], folder)).split("\n")[0]);
    await runTool(promtool, ["check", "config", "prometheus.yml"], folder);
    await runTool(promtool, ["check", "rules", "alerts.yml", "recording.yml"], folder);
    expect(await runTool(promtool, ["test", "rules", "rules.test.yml"], folder)).toContain("SUCCESS");
  });

  it("are accepted by amtool", async () => {
    const amtool = programs.amtool();
    console.log((await runTool(amtool, ["--version"], folder)).split("\n")[0]);
    expect(await runTool(amtool, ["check-config", `${OPS}alertmanager/alertmanager.yml`], folder)).toContain("SUCCESS");
  });
});

describe("a real Prometheus and Alertmanager", () => {
  let at: number;
  const history = new History(
    [...queries.map(({ of }) => of), ...alerts.map(({ when }) => when)].flatMap((each) => namesIn(each)),
  );

  it(
    "scrape the collector in both formats",
    async () => {
      const config = await readFile(`${OPS}alertmanager/alertmanager.yml`, "utf8");
      await writeFile(join(folder, "alertmanager.yml"), stringify(localAlertmanager(config)));
      alertmanager = await startAlertmanager(folder);
      const example = readFileSync(`${OPS}prometheus/prometheus.yml`, "utf8");
      const address = alertmanager.origin.replace("http://", "");
      // Before the first scrape, so that no counter appears with more than it has counted since.
      const traffic = trafficTo(worker.origin, worker.readKey, adminKey);
      for (let visits = 0; visits < 2; visits += 1) await traffic.visit();
      await traffic.noteExport();
      const recording = await readFile(join(folder, "recording.yml"), "utf8");
      await writeFile(join(folder, "recording.yml"), recording.replace("interval: 1m", "interval: 5s"));
      await writeFile(join(folder, "prometheus.yml"), stringify(localPrometheus(example, "/text", address)));
      textPrometheus = await startPrometheus(folder);
      await writeFile(join(folder, "prometheus.yml"), stringify(localPrometheus(example, "/metrics", address)));
      prometheus = await startPrometheus(folder);
      for (let files = 0; scrapes.length < SCRAPES; ) {
        await traffic.visit();
        // The latest records stay without a file.
        if (files < scrapes.length && scrapes.length < SCRAPES - 1) {
          await traffic.cutLog();
          files = scrapes.length;
        }
        await sleep(PAUSE_MS);
      }
      const latest = scrapes.at(-1);
      at = (latest?.at ?? 0) + 500;
      for (const { at: time, text } of scrapes) history.add(time, samplesIn(text));
      expect(latest?.type).toMatch(/^application\/openmetrics-text/);

      const names = async (server: Server) => {
        const found = await ask('{__name__=~"tidemark_.+"}', Date.now(), server);
        const bound = (metric: Found["metric"]) =>
          "le" in metric ? { ...metric, le: `${Number(metric.le)}` } : metric;
        return found.map(({ metric }) => JSON.stringify(Object.entries(bound(metric)).toSorted())).toSorted();
      };
      // Both have scraped since the traffic has ended.
      await vi.waitFor(async () => expect(await names(textPrometheus)).toEqual(await names(prometheus)), {
        timeout: 3 * SCRAPE_S * 1_000,
        interval: 500,
      });
      expect((await names(prometheus)).length).toBeGreaterThan(100);
    },
    SCRAPES * SCRAPE_S * 1_000 + 60_000,
  );

  it("accept the metrics: promtool check metrics", async () => {
    const response = await fetch(`${worker.origin}/metrics`, { headers: { authorization: `Bearer ${adminKey}` } });
    await writeFile(join(folder, "metrics.txt"), await response.text());
    await runTool("sh", ["-c", `'${programs.promtool()}' check metrics < metrics.txt`], folder);
  });

  it("answer each expression of panels and rules", async () => {
    const written = Object.entries(opsFiles()).flatMap(([path, text]) => {
      if (!path.endsWith(".json")) return [];
      const { panels: each } = JSON.parse(text) as { panels: { title: string; targets?: { expr: string }[] }[] };
      return each.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ name: `${path} ${title}`, expr })));
    });
    expect(written.length).toBe(panels.length);
    const empty: string[] = [];
    for (const { name, expr } of written) if ((await ask(expr, at)).length === 0) empty.push(`${name}: ${expr}`);
    const isExpected = (each: string) =>
      WITHOUT_DATA.test(each) ||
      (each.match(/tidemark_[a-z_]+/g) ?? []).some((name) => name in families && !isMeasured(name));
    expect(empty.filter((each) => !isExpected(each))).toEqual([]);
    expect(empty.length).toBeLessThan(written.length / 3);
    for (const { when } of alerts) await ask(toPromql(when), at);
    for (const { name, expression } of recordings) {
      expect(await ask(expression, at), name).not.toEqual([]);
      expect(await ask(name, at), name).not.toEqual([]);
    }
  });

  it("show the shares of goals, the calibration and the lift that the traffic has", async () => {
    const valuesOf = async (title: string) => {
      const of = panels.filter(({ name }) => name.startsWith(`business: ${title}:`));
      const found = await Promise.all(
        of.map(({ of: each }) => ask(typeof each === "string" ? each : toPromql(each), at)),
      );
      return found.map((each) => each.map(({ value }) => Number(value[1])));
    };
    const [[rate = 0] = []] = await valuesOf("Goal rate");
    expect(rate).toBeGreaterThan(0.3);
    expect(rate).toBeLessThan(0.7);
    const [[lift = 0] = []] = await valuesOf("Reaction lift");
    expect(lift).toBeCloseTo(1 / 4, 1);
    const [[predicted = 0] = [], [reached = 0] = []] = await valuesOf("Score calibration");
    for (const value of [predicted, reached]) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(1);
    }
  });

  it("agree with the collector's own evaluation of each query", async () => {
    for (const { name, of } of queries) {
      const own = evaluateQuery(of as Query, history, at);
      const theirs = withoutNaN(foundByLabels(await ask(toPromql(of), at)));
      const ours = withoutNaN(byLabels(own as LabelledValue[]));
      expect(Object.keys(ours), name).toEqual(Object.keys(theirs));
      for (const [labels, value] of Object.entries(theirs))
        expect(
          Math.abs((ours[labels] ?? 0) - value),
          `${name} ${labels}: ${ours[labels]} and ${value}`,
        ).toBeLessThanOrEqual(Math.abs(value) * TOLERANCE + 1e-9);
    }
  });

  it("agree with the collector's own evaluation of each alert", async () => {
    for (const { name, when, by } of alerts) {
      if (by === "prometheus") continue;
      const theirs = foundByLabels(await ask(toPromql(when), at));
      const ours = byLabels(evaluateCondition(when, history, at));
      expect(Object.keys(ours), name).toEqual(Object.keys(theirs));
    }
  });

  it(
    "bring the alerts to each receiver, and say when they are over",
    async () => {
      await expectReceived("/heartbeat/", ["TidemarkWatchdog"], METRIC_MS);
      for (const path of ["/webhook", "/slack", "/opsgenie/"])
        await expectReceived(path === "/webhook" ? "/alerts/" : path, ["TidemarkSinkRefuses"], METRIC_MS);
      expect(received("/pagerduty")).toEqual([]);

      const killed = Date.now();
      await worker.kill();
      for (const path of ["/pagerduty", "/opsgenie/", "/slack", "/alerts/"])
        await expectReceived(path, ["TidemarkCollectorDown"], FIRING_MS);
      console.log(`collector down: ${Math.round((Date.now() - killed) / 1_000)} s to the receivers`);
      const [trigger] = received("/pagerduty", "TidemarkCollectorDown");
      expect(JSON.parse(trigger?.body ?? "")).toMatchObject({
        ...{ event_action: "trigger", routing_key: "0123456789abcdef0123456789abcdef" },
        payload: { severity: "critical", class: "TidemarkCollectorDown", component: "tidemark" },
      });

      const restarted = Date.now();
      await worker.restart();
      await expectReceived("/pagerduty", ["TidemarkCollectorDown", '"resolve"'], FIRING_MS);
      await expectReceived("/alerts/", ["TidemarkCollectorDown", '"status":"resolved"'], FIRING_MS);
      await expectReceived("/slack", ["TidemarkCollectorDown", "RESOLVED"], FIRING_MS);
      await vi.waitFor(() => expect(received("/opsgenie/").some(({ path }) => path.includes("/close"))).toBe(true), {
        timeout: FIRING_MS,
      });
      console.log(`collector up: ${Math.round((Date.now() - restarted) / 1_000)} s to the receivers`);
    },
    2 * FIRING_MS + 2 * METRIC_MS,
  );
});
