import type { LogDays } from "../config.ts";
import { type Env, logKeeperOf } from "../env.ts";
import type { Tenants } from "../tenants.ts";
import { type Task, Tasks } from "./tasks.ts";

/** A UTC hour. */
export interface Hour {
  date: string;
  /** 0 to 23. */
  hour: number;
}

/** Times of tasks that run together are multiples of this, in milliseconds. */
export const STEP_MS = 10_000;

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Time after an hour, or after a late file of it, at which its files are merged, in milliseconds. */
const COMPACT_AFTER_MS = 900_000;

/** Time after which replaced files are deleted, in milliseconds: a little longer than readers may read them. */
const CLEAN_AFTER_MS = HOUR_MS + STEP_MS;

/** Time until the log of a new site is first checked, in milliseconds. */
const FIRST_CHECK_MS = 600_000;

/** Time after which no further task starts, in milliseconds: the platform ends an alarm after 15 minutes. */
const ALARM_MS = 120_000;

const daysKey = (site: string): string => `days ${site}`;

/**
 * The repeated tasks of the logs of a deployment. A task that fails is repeated.
 *
 * | task | effect | time |
 * | --- | --- | --- |
 * | `compact <site> <date> <hour>` | merges the small files of an hour | 15 minutes after the hour, or after a late file |
 * | `clean <site> <date>` | deletes the files that were replaced | an hour after that |
 * | `register <site>` | registers the files in the Iceberg catalogue, if the deployment has one | after each change |
 * | `keep <site>` | deletes expired files, and finds hours that nobody has merged | daily |
 */
export class LogTasks {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #tenants: () => Tenants;
  readonly #tasks: Tasks;

  /** @param tenants Returns the tenants of the deployment. */
  constructor(storage: DurableObjectStorage, env: Env, tenants: () => Tenants) {
    this.#storage = storage;
    this.#env = env;
    this.#tenants = tenants;
    this.#tasks = new Tasks(storage.sql);
  }

  /** The time of the earliest task, in UTC milliseconds; `undefined` without one. */
  get next(): number | undefined {
    return this.#tasks.next;
  }

  /**
   * Notes that hours of a site's log have new files.
   *
   * @param days Days for which the site keeps them.
   * @returns The times at which the files will be merged, in UTC milliseconds.
   */
  noteFiles(site: string, days: number | LogDays, hours: readonly Hour[]): number[] {
    const { kv } = this.#storage;
    if (JSON.stringify(kv.get(daysKey(site))) !== JSON.stringify(days)) kv.put(daysKey(site), days);
    this.#tasks.add(`keep ${site}`, Date.now() + FIRST_CHECK_MS);
    return hours.map((hour) => this.#addCompaction(site, hour));
  }

  /** Notes that files of a site and day were replaced. */
  noteReplaced(site: string, date: string): void {
    this.#addCleaning(site, date);
  }

  /**
   * Runs the tasks that are due, for {@link ALARM_MS} at most. It does not reject: a task that fails is repeated.
   *
   * @param begin UTC milliseconds.
   */
  async run(begin: number): Promise<void> {
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
      if (this.#tenants().get(site)?.log) await this.#keeperOf(site).register(site);
    } catch (error) {
      this.#tasks.add(name, Date.now());
      throw error;
    }
  }

  async #keep({ name }: Task, site: string): Promise<void> {
    const { kv } = this.#storage;
    const days = this.#tenants().get(site)?.log?.days ?? kv.get<number | LogDays>(daysKey(site));
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
    return logKeeperOf(this.#env, site, this.#tenants().get(site)?.jurisdiction);
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
    if (this.#tenants().get(site)?.iceberg) this.#tasks.add(`register ${site}`, after + STEP_MS);
  }
}
