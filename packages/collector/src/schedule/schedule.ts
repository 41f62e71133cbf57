import { DurableObject } from "cloudflare:workers";
import type { AlertsResponse, AlertTestResponse } from "@tidemark/schema";
import type { AlertSettings, LogDays, OtlpSettings } from "../config.ts";
import { type Env, logKeeperOf } from "../env.ts";
import { AlertMonitor, ROUND_MS } from "../monitor/alert-monitor.ts";
import type { Silence } from "../monitor/alert-state.ts";
import { alerts } from "../monitor/alerts.ts";
import { Canary } from "../monitor/canary/canary.ts";
import type { CanaryStep } from "../monitor/canary/steps.ts";
import { type PushState, pushMetrics } from "../monitor/otlp/push.ts";
import { readSamples } from "../monitor/read-samples.ts";
import type { Tenant, Tenants } from "../tenants.ts";
import { withinTime } from "../within-time.ts";
import { type Task, Tasks } from "./tasks.ts";

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

/** A UTC hour. */
interface Hour {
  date: string;
  /** 0 to 23. */
  hour: number;
}

/** The alarm's times are multiples of this, in milliseconds, so that tasks run together. */
const STEP_MS = 10_000;

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Time after an hour, or after a late file of it, at which its files are merged, in milliseconds. */
const COMPACT_AFTER_MS = 900_000;

/** Time after which replaced files are deleted, in milliseconds: a little longer than readers may read them. */
const CLEAN_AFTER_MS = HOUR_MS + STEP_MS;

/** Time until the log of a new site is first checked, in milliseconds. */
const FIRST_CHECK_MS = 600_000;

/** Time after which an alarm starts no further task, in milliseconds: the platform ends an alarm after 15 minutes. */
const ALARM_MS = 120_000;

/** Address of the runbooks, unless the configuration has another one. */
const RUNBOOKS = "docs/runbooks.md";

/** Key of the state of pushes of metrics. */
const PUSH = "otlp";

/** The first time of an alarm from a time on, in UTC milliseconds. */
const nextStep = (from: number): number => Math.ceil(from / STEP_MS) * STEP_MS;

/** Prefix of the keys of exports for Feast. */
const EXPORT = "feast ";

const daysKey = (site: string): string => `days ${site}`;

/**
 * The Durable Object that runs the deployment's repeated tasks, with an alarm at the time of the next one. Local runtimes
 * have no crons; a cron of a deployment only wakes it. A task that fails is repeated.
 *
 * | task | effect | time |
 * | --- | --- | --- |
 * | `compact <site> <date> <hour>` | merges the small files of an hour | 15 minutes after the hour, or after a late file |
 * | `clean <site> <date>` | deletes the files that were replaced | an hour after that |
 * | `register <site>` | registers the files in the Iceberg catalogue, if the deployment has one | after each change |
 * | `keep <site>` | deletes expired files, and finds hours that nobody has merged | daily |
 *
 * In a deployment with `otlp` it also pushes the metrics. In a deployment with alerts it evaluates them, every 10 s. In one with
 * a canary it plays its sessions. None waits for another: a round of alerts follows each 10 s while tasks run.
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
  readonly #tasks = new Tasks(this.ctx.storage.sql);

  /**
   * Notes that hours of a site's log have new files.
   *
   * @param days Days for which the site keeps them.
   * @returns The times at which the files will be merged, in UTC milliseconds.
   */
  async noteFiles(site: string, days: number | LogDays, hours: readonly Hour[]): Promise<number[]> {
    const { kv } = this.ctx.storage;
    if (JSON.stringify(kv.get(daysKey(site))) !== JSON.stringify(days)) kv.put(daysKey(site), days);
    this.#tasks.add(`keep ${site}`, Date.now() + FIRST_CHECK_MS);
    const due = hours.map((hour) => this.#addCompaction(site, hour));
    await this.#setAlarm();
    return due;
  }

  /** Notes that files of a site and day were replaced. */
  async noteReplaced(site: string, date: string): Promise<void> {
    this.#addCleaning(site, date);
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
    const tasks = this.#runTasks(begin).then(() => true);
    if (this.alerts || this.otlp || this.#canaryOf()) {
      let isDone: boolean | undefined;
      while (!isDone) {
        this.#startPush();
        this.#startCanary();
        const next = Date.now() + ROUND_MS;
        if (this.alerts) await this.#monitor.round();
        isDone = await withinTime(tasks, Math.max(0, next - Date.now()));
      }
    }
    await tasks;
    // Alerts wait neither for the canary nor for a receiver of metrics.
    if (!this.alerts) await Promise.all([this.#playing, this.#pushing]);
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
    const { to, runbooks = RUNBOOKS } = this.alerts;
    const read = () => readSamples(this.env, this.tenants);
    this.#monitorOfAlerts ??= new AlertMonitor(this.ctx.storage, {
      ...{ alerts, receivers: to, runbooks, env: this.env, read },
    });
    return this.#monitorOfAlerts;
  }

  async #runTasks(begin: number): Promise<void> {
    for (const task of this.#tasks.dueAt(begin)) {
      if (Date.now() > begin + ALARM_MS) break;
      try {
        await this.#run(task);
      } catch (error) {
        console.error(`the task ${JSON.stringify(task.name)} failed; it is repeated`, error);
        this.#tasks.postpone(task, Date.now());
      }
    }
  }

  async #run(task: Task): Promise<void> {
    const [kind, site = "", date = "", hour] = task.name.split(" ");
    switch (kind) {
      case "compact":
        return this.#compact(task, site, { date, hour: Number(hour) });
      case "clean":
        return this.#clean(task, site, date);
      case "register":
        return this.#register(task, site);
      case "keep":
        return this.#keep(task, site);
      default:
        // A task of another release.
        return this.#tasks.remove(task.name);
    }
  }

  async #compact({ name }: Task, site: string, hour: Hour): Promise<void> {
    // A file that is noted meanwhile needs the task again.
    this.#tasks.remove(name);
    try {
      // Each call merges as much as one may: an hour of a busy site takes several.
      while ((await this.#keeperOf(site).compact({ site, ...hour })) > 0);
    } catch (error) {
      this.#tasks.add(name, Date.now());
      throw error;
    }
  }

  async #clean({ name }: Task, site: string, date: string): Promise<void> {
    const next = await this.#keeperOf(site).clean(site, date);
    this.#tasks.remove(name);
    if (next !== undefined) this.#tasks.add(name, next);
  }

  async #register({ name }: Task, site: string): Promise<void> {
    // A change that is noted meanwhile needs the task again.
    this.#tasks.remove(name);
    try {
      if (this.tenants.get(site)?.log) await this.#keeperOf(site).register(site);
    } catch (error) {
      this.#tasks.add(name, Date.now());
      throw error;
    }
  }

  async #keep({ name }: Task, site: string): Promise<void> {
    const { kv } = this.ctx.storage;
    const days = this.tenants.get(site)?.log?.days ?? kv.get<number | LogDays>(daysKey(site));
    if (days === undefined) return this.#tasks.remove(name);
    const { isEmpty, hours, dates } = await this.#keeperOf(site).keep(site, days);
    this.#tasks.remove(name);
    if (isEmpty) kv.delete(daysKey(site));
    else this.#tasks.add(name, Date.now() + DAY_MS);
    for (const hour of hours) this.#addCompaction(site, hour);
    this.#addRegistration(site, Date.now());
    for (const date of dates) this.#addCleaning(site, date);
  }

  #keeperOf(site: string): ReturnType<typeof logKeeperOf> {
    return logKeeperOf(this.env, site, this.tenants.get(site)?.jurisdiction);
  }

  #addCleaning(site: string, date: string): void {
    this.#addRegistration(site, Date.now());
    this.#tasks.add(`clean ${site} ${date}`, Date.now() + CLEAN_AFTER_MS);
  }

  #addCompaction(site: string, { date, hour }: Hour): number {
    const end = Date.parse(date) + (hour + 1) * HOUR_MS;
    const due = Math.max(end, Date.now()) + COMPACT_AFTER_MS;
    this.#addRegistration(site, due);
    return this.#tasks.add(`compact ${site} ${date} ${hour}`, due);
  }

  /** Registers the files of a site after a time: an hour without files to merge has files too. */
  #addRegistration(site: string, after: number): void {
    if (this.tenants.get(site)?.iceberg) this.#tasks.add(`register ${site}`, after + STEP_MS);
  }

  /** Sets the alarm to the time of the next task. */
  async #setAlarm(): Promise<void> {
    const { storage } = this.ctx;
    const now = Date.now();
    const canaryAt = this.#canaryOf()?.nextAt(now) ?? Number.POSITIVE_INFINITY;
    const taskAt = this.#tasks.next ?? Number.POSITIVE_INFINITY;
    const next = this.alerts ? now : Math.min(taskAt, this.#nextPush, canaryAt);
    if (next === Number.POSITIVE_INFINITY) return storage.deleteAlarm();
    const at = nextStep(Math.max(next, Date.now() + 1));
    if ((await storage.getAlarm()) !== at) await storage.setAlarm(at);
  }
}
