import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { alerts, toPromql } from "@tidemark/collector/alert-rules";
import { CommandError } from "../command-line/command-error.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { type LocalCollector, startLocalCollector } from "../local-stack/local-collector.ts";
import { createTemporaryFolder } from "../temporary-folder.ts";
import { SITE, writeDeployment } from "./deployment.ts";
import { ALERTS_PATH, type DrillServer, startDrillServer } from "./drill-server.ts";
import { scaledAlert } from "./scale.ts";
import { programs, type Server, startAlertmanager, startPrometheus } from "./servers.ts";
import { startRepeating, startTraffic, type Traffic } from "./traffic.ts";

/** Interval of scrapes and of evaluations in `ops/prometheus/prometheus.yml`, in seconds. */
const INTERVAL_S = 15;

/** Waits of Alertmanager in `ops/alertmanager/alertmanager.yml`, in seconds. */
const GROUP_WAIT_S = 10;
const GROUP_INTERVAL_S = 60;

/** Time after which Prometheus sends an alert that still fires again, in seconds: its own default. */
const RESEND_S = 60;

/** Longest time until the first alert arrives, in milliseconds. */
const ARRIVAL_MS = 60_000;

/** Time between two cuts of the log, in milliseconds. */
const CUT_EVERY_MS = 3_000;

/** Time between two exports for Feast, in milliseconds. */
const EXPORT_EVERY_MS = 2_000;

/** A running local stack with Prometheus and Alertmanager. */
export interface DrillStack {
  collector: LocalCollector;
  server: DrillServer;
  /** Factor by which the times of the rules are shorter. */
  scale: number;
  /** The steady traffic, which a fault may stop and start. */
  traffic: { start(): void; stop(): Promise<void> };
  /** The exports for Feast, which a fault may stop and start. */
  exports: { start(): void; stop(): Promise<void> };
  /** Whether an expression has a value in Prometheus now. */
  holds(expression: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** A length of time in Prometheus' form. */
const duration = (seconds: number): string => `${Math.round(seconds * 1_000)}ms`;

/** Interval of scrapes and evaluations with shorter times, in seconds. */
export const intervalAt = (scale: number): number => Math.max(1, INTERVAL_S / scale);

/** The rules of all alerts for Prometheus, whose times are shorter by a factor. JSON is YAML too. */
export const rulesAt = (scale: number): object => ({
  groups: [
    {
      name: "tidemark",
      rules: alerts
        .map((alert) => scaledAlert(alert, scale))
        .map(({ name, when, forSeconds, severity }) => ({
          ...{ alert: name, expr: toPromql(when), labels: { severity } },
          ...(forSeconds > 0 && { for: duration(forSeconds) }),
        })),
    },
  ],
});

const prometheusConfig = (scale: number, collector: string, alertmanager: string): object => ({
  global: { scrape_interval: duration(intervalAt(scale)), evaluation_interval: duration(intervalAt(scale)) },
  rule_files: ["rules.json"],
  alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager).host] }] }] },
  scrape_configs: [
    {
      ...{ job_name: "tidemark", metrics_path: "/metrics", scrape_timeout: duration(intervalAt(scale)) },
      authorization: { credentials_file: "admin-key" },
      static_configs: [{ targets: [new URL(collector).host] }],
    },
  ],
});

const alertmanagerConfig = (scale: number, server: string): object => ({
  route: {
    ...{ receiver: "drill", group_by: ["alertname", "site"], repeat_interval: "4h" },
    ...{ group_wait: duration(GROUP_WAIT_S / scale), group_interval: duration(GROUP_INTERVAL_S / scale) },
  },
  receivers: [{ name: "drill", webhook_configs: [{ url: `${server}${ALERTS_PATH}`, send_resolved: true }] }],
});

/** Something that can be started again after it was stopped. */
const startable = (begin: () => Traffic) => {
  let running: Traffic | undefined = begin();
  return {
    start() {
      running ??= begin();
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
  };
};

/** Waits for the alert that always fires: Prometheus does not send alerts before it knows Alertmanager. */
const untilAlertsArrive = async (server: DrillServer): Promise<void> => {
  for (const deadline = Date.now() + ARRIVAL_MS; ; await sleep(100)) {
    if (server.messages.some(({ alert }) => alert === "TidemarkWatchdog")) return;
    if (Date.now() > deadline)
      throw new CommandError(`No alert of Prometheus came through Alertmanager within ${ARRIVAL_MS / 1_000} s.`);
  }
};

/** Finds the programs. @throws CommandError that says what to install. */
const expectPrograms = (): void => {
  try {
    programs.prometheus();
    programs.alertmanager();
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
};

/**
 * Starts a collector of its own on this machine, with a site, a log and a sink, its surroundings, Prometheus and Alertmanager.
 *
 * @param folder Folder of a deployment, whose installed packages it uses.
 * @throws CommandError when a program is missing or does not start.
 */
export const startStack = async (folder: string, scale: number): Promise<DrillStack> => {
  expectPrograms();
  const running: { stop(): unknown }[] = [];
  const stop = async () => {
    for (const each of running.toReversed()) await each.stop();
  };
  const started = <T extends { stop(): unknown }>(each: T): T => {
    running.push(each);
    return each;
  };
  try {
    const server = started(await startDrillServer());
    const written = writeDeployment(folder, server.origin);
    started({ stop: written.remove });
    const collector = started(await startLocalCollector(await openDeployment(written.folder)));
    const { path, remove } = createTemporaryFolder("tidemark-drill-");
    started({ stop: remove });
    const write = (name: string, content: string | object) =>
      writeFileSync(join(path, name), typeof content === "string" ? content : JSON.stringify(content));
    const adminKey = collector.keys.DRILL_ADMIN_KEY ?? "";
    write("admin-key", adminKey);
    write("rules.json", rulesAt(scale));
    write("alertmanager.yml", alertmanagerConfig(scale, server.origin));
    const post = async (route: string, body?: object) => {
      const init = { method: "POST", headers: { authorization: `Bearer ${adminKey}` } };
      const response = await fetch(`${collector.origin}${route}?site=${SITE}`, {
        ...{ ...init, ...(body && { body: JSON.stringify(body) }), signal: AbortSignal.timeout(10_000) },
      });
      await response.arrayBuffer();
    };
    const traffic = started(startable(() => startTraffic(collector.origin)));
    started(startRepeating(CUT_EVERY_MS, () => post("/v1/log/cut")));
    const note = { max_age_s: exportMaxAge(scale) };
    const exports = started(startable(() => startRepeating(EXPORT_EVERY_MS, () => post("/v1/feast/exports", note))));
    const alertmanager: Server = started(await startAlertmanager(path));
    write("prometheus.yml", prometheusConfig(scale, collector.origin, alertmanager.origin));
    const resend = `--rules.alert.resend-delay=${duration(RESEND_S / scale)}`;
    const prometheus: Server = started(await startPrometheus(path, [resend]));
    await untilAlertsArrive(server);
    return {
      ...{ collector, server, scale, traffic, exports, stop },
      async holds(expression) {
        const body = new URLSearchParams({ query: expression });
        const response = await fetch(`${prometheus.origin}/api/v1/query`, { method: "POST", body });
        const { data, error } = (await response.json()) as { data?: { result: unknown[] }; error?: string };
        if (!data) throw new Error(`${error}: ${expression}`);
        return data.result.length > 0;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Time for which an export for Feast is fresh in the drill, in seconds: five minutes, divided. */
const exportMaxAge = (scale: number): number => Math.ceil(300 / scale);
