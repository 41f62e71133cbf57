import { DurableObject } from "cloudflare:workers";
import type { AlertsResponse, AlertTestResponse } from "@tidemark/schema";
import type { AlertSettings, LogDays, OtlpSettings } from "../config.ts";
import type { Env } from "../env.ts";
import { AlertMonitor, ROUND_MS } from "../monitor/alert-monitor.ts";
import type { Silence } from "../monitor/alert-state.ts";
import { alerts } from "../monitor/alerts.ts";
import { Canary } from "../monitor/canary/canary.ts";
import type { CanaryStep } from "../monitor/canary/steps.ts";
import { type PushState, pushMetrics } from "../monitor/otlp/push.ts";
import { readSamples } from "../monitor/read-samples.ts";
import type { Tenant, Tenants } from "../tenants.ts";
import { withinTime } from "../within-time.ts";
import { type Hour, LogTasks, STEP_MS } from "./log-tasks.ts";

/** Figures of the schedule for the metrics. Ages are in seconds. */
export interface ScheduleFigures {
  /** Absent without a canary. */
  canary?: { site: string; ages: Partial<Record<CanaryStep, number>> };
  /** The latest export for Feast of each site, and the age up to which it is fresh. */
  exports: { site: string; age: number; max_age: number }[];
}

/** The latest export of a site for Feast. */
interface StoredExport {
  /** UTC milliseconds. */
  at: number;
  /** Seconds. */
  max_age: number;
}

const DAY_MS = 86_400_000;

/** Key of the state of pushes of metrics. */
const PUSH = "otlp";

/** The first time of an alarm from a time on, in UTC milliseconds. */
const nextStep = (from: number): number => Math.ceil(from / STEP_MS) * STEP_MS;

/** Prefix of the keys of exports for Feast. */
const EXPORT = "feast ";

/**
 * The Durable Object that runs what a deployment repeats, with an alarm at the time of the next one. Local runtimes have no
 * crons; a cron of a deployment only wakes it.
 *
 * | part | needs the setting |
 * | --- | --- |
 * | the tasks of the logs: {@link LogTasks} | `log` |
 * | pushes of the metrics | `otlp` |
 * | a round of the alerts every 10 s | `alerts` |
 * | the sessions of the canary | `canary` |
 *
 * None waits for another: a round of alerts follows each 10 s while tasks run.
 */
export abstract class ScheduleObject extends DurableObject<Env> {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  /** The alerts of this deployment; `undefined` for none. */
  protected abstract get alerts(): AlertSettings | undefined;

  /** The receiver of this deployment's metrics; `undefined` for none. */
  protected abstract get otlp(): OtlpSettings | undefined;

  /** Answers a request as the deployment's Worker does. */
  protected abstract request(request: Request): Promise<Response>;

  #monitorOfAlerts: AlertMonitor | undefined;
  #canary: { tenant: Tenant; canary: Canary } | undefined;
  #playing: Promise<void> | undefined;
  #pushing: Promise<void> | undefined;
  readonly #logTasks = new LogTasks(this.ctx.storage, this.env, () => this.tenants);

  /**
   * Notes that hours of a site's log have new files.
   *
   * @param days Days for which the site keeps them.
   * @returns The times at which the files will be merged, in UTC milliseconds.
   */
  async noteFiles(site: string, days: number | LogDays, hours: readonly Hour[]): Promise<number[]> {
    const due = this.#logTasks.noteFiles(site, days, hours);
    await this.#setAlarm();
    return due;
  }

  /** Notes that files of a site and day were replaced. */
  async noteReplaced(site: string, date: string): Promise<void> {
    this.#logTasks.noteReplaced(site, date);
    await this.#setAlarm();
  }

  /** Ensures that the alarm is set, as after the platform has given up on it. */
  async wake(): Promise<void> {
    await this.#setAlarm();
  }

  /** The state of the alerts. @throws Error in a deployment without alerts. */
  alertStatus(): AlertsResponse {
    return this.#monitor.status();
  }

  /** Sends a test message to each receiver of alerts. @throws Error in a deployment without alerts. */
  testAlerts(): Promise<AlertTestResponse> {
    return this.#monitor.test();
  }

  /** Adds a silence. @throws Error in a deployment without alerts. */
  silenceAlerts(silence: Omit<Silence, "id" | "created_at">): Silence {
    return this.#monitor.silence(silence);
  }

  /** Removes a silence. @returns Whether there was one. @throws Error in a deployment without alerts. */
  unsilenceAlerts(id: string): boolean {
    return this.#monitor.unsilence(id);
  }

  /** The figures for the metrics. */
  figures(): ScheduleFigures {
    const now = Date.now();
    const canary = this.#canaryOf();
    const exports = [...this.ctx.storage.kv.list<StoredExport>({ prefix: EXPORT })].map(([key, { at, max_age }]) => ({
      ...{ site: key.slice(EXPORT.length), age: Math.max(0, now - at) / 1_000, max_age },
    }));
    return { exports, ...(canary && { canary: { site: canary.site, ages: canary.ages(now) } }) };
  }

  /** Notes that a site was exported for Feast now. @param maxAge Age up to which this export is fresh, in seconds. */
  noteExport(site: string, maxAge: number): void {
    this.ctx.storage.kv.put<StoredExport>(`${EXPORT}${site}`, { at: Date.now(), max_age: maxAge });
  }

  /** Runs the tasks that are due, evaluates the alerts, plays the canary, and pushes the metrics. */
  override async alarm(): Promise<void> {
    const begin = Date.now();
    // Before the tasks, which may be interrupted.
    await this.ctx.storage.setAlarm(nextStep(begin + 1));
    const tasks = this.#logTasks.run(begin).then(() => true);
    if (this.alerts || this.otlp || this.#canaryOf()) {
      let isDone: boolean | undefined;
      while (!isDone) {
        this.#startPush();
        this.#startCanary();
        if (this.alerts) await this.#monitor.round();
        isDone = await withinTime(tasks, ROUND_MS);
      }
    }
    await tasks;
    await this.#playing;
    // Alerts do not wait for a receiver of metrics.
    if (!this.alerts) await this.#pushing;
    await this.#setAlarm();
  }

  /** The canary of this deployment; `undefined` for none. */
  #canaryOf(): Canary | undefined {
    const tenant = [...this.tenants.values()].find(({ isCanary }) => isCanary);
    if (!tenant) return undefined;
    if (this.#canary?.tenant !== tenant) {
      const settings = { env: this.env, tenant, request: (request: Request) => this.request(request) };
      this.#canary = { tenant, canary: new Canary(this.ctx.storage, settings) };
    }
    return this.#canary.canary;
  }

  /** Begins a round of the canary, if it is time and none is in flight. */
  #startCanary(): void {
    const canary = this.#canaryOf();
    if (!canary || this.#playing || canary.nextAt(Date.now()) > Date.now()) return;
    this.#playing = canary
      .round()
      .catch((error: unknown) => console.error("a round of the canary failed; the next one follows", error))
      .finally(() => {
        this.#playing = undefined;
      });
  }

  /** Begins to push the metrics, if it is time and no push is in flight. */
  #startPush(): void {
    const { otlp } = this;
    if (!otlp || this.#pushing || this.#nextPush > Date.now()) return;
    this.#pushing = this.#push(otlp)
      .catch((error: unknown) => console.error("the next push of the metrics could not be stored; it follows", error))
      .finally(() => {
        this.#pushing = undefined;
      });
  }

  async #push(otlp: OtlpSettings): Promise<void> {
    const { kv } = this.ctx.storage;
    kv.put(PUSH, await pushMetrics(otlp, this.env, () => readSamples(this.env, this.tenants), kv.get<PushState>(PUSH)));
  }

  /** The time of the next push: now for the first one, and infinity without a receiver. */
  get #nextPush(): number {
    if (!this.otlp) return Number.POSITIVE_INFINITY;
    const next = this.ctx.storage.kv.get<PushState>(PUSH)?.next ?? 0;
    // A later time than the longest wait is that of a clock that was set back.
    return next > Date.now() + DAY_MS ? 0 : next;
  }

  get #monitor(): AlertMonitor {
    if (!this.alerts) throw new Error("this deployment has no alerts");
    const { to, runbooks } = this.alerts;
    const read = () => readSamples(this.env, this.tenants);
    this.#monitorOfAlerts ??= new AlertMonitor(this.ctx.storage, {
      ...{ alerts, receivers: to, runbooks, env: this.env, read },
    });
    return this.#monitorOfAlerts;
  }

  /** Sets the alarm to the time of the next task. */
  async #setAlarm(): Promise<void> {
    const { storage } = this.ctx;
    const now = Date.now();
    const canaryAt = this.#canaryOf()?.nextAt(now) ?? Number.POSITIVE_INFINITY;
    const taskAt = this.#logTasks.next ?? Number.POSITIVE_INFINITY;
    const next = this.alerts ? now : Math.min(taskAt, this.#nextPush, canaryAt);
    if (next === Number.POSITIVE_INFINITY) return storage.deleteAlarm();
    const at = nextStep(Math.max(next, Date.now() + 1));
    if ((await storage.getAlarm()) !== at) await storage.setAlarm(at);
  }
}
