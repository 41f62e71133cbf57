import { DurableObject } from "cloudflare:workers";
import type { CutFile, LogRecord } from "@tidemark/schema/log";
import type { LogDays } from "../config.ts";
import { type Env, metricsOf, partitionOf, scheduleOf } from "../env.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { callObject } from "../metrics/waits.ts";
import type { StreamRange } from "../records/stream.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { bucketOf } from "./bucket.ts";
import { cleanDay } from "./clean-day.ts";
import { compactHour, type LogHour } from "./compact-hour.ts";
import { encodeCut, type SetAside } from "./cut.ts";
import { registerLog } from "./iceberg/register.ts";
import { storeFiles } from "./log-store.ts";
import { type Replaced, replaceByStored } from "./replace-files.ts";
import { type KeptLog, keepLog } from "./retention.ts";
import { rangeOffsets, recordsIn } from "./stream-records.ts";

/** The files that an earlier version of this object deleted when they expired. */
interface EarlierRetention {
  site: string;
  partition: number;
  days: number;
}

const EARLIER_RETENTION = "retention";

/** Lets other work of this object run. */
const pause = (): Promise<void> => scheduler.wait(0);

/**
 * The Durable Object that writes files of the log. There is one for each partition, which writes the partition's records:
 * the partition knows which records are in files, and encoding takes longer than a push may wait. One more for each site
 * merges and deletes files, as the schedule says.
 */
export abstract class LogWriterObject extends DurableObject<Env> {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  /** The latest call. A call begins when the one before it has ended. */
  #latest: Promise<unknown> = Promise.resolve();

  /** The times at which the schedule will merge the files of an hour that were reported to it, by hour. */
  readonly #reported = new Map<string, number>();

  /**
   * Writes the records of the partition that are in no file at the time of the call.
   *
   * @returns The written files.
   * @throws Error when the partition or the object storage cannot be reached. A repeated call writes the same files.
   */
  write(site: string, partition: number): Promise<CutFile[]> {
    return this.#inTurn(() => this.#write(site, partition));
  }

  /** Merges the small files of an hour. Returns the number of files that it has replaced. */
  compact(hour: LogHour): Promise<number> {
    return this.#inTurn(async () => {
      const replaced = await compactHour(bucketOf(this.env), hour, pause);
      if (replaced > 0) await this.#reportReplaced(hour);
      return replaced;
    });
  }

  /** Replaces files by others that are stored. Returns the reason, if it does not. */
  replace(replaced: Replaced): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const reason = await replaceByStored(bucketOf(this.env), replaced, Date.now());
      if (reason === undefined) await this.#reportReplaced(replaced);
      return reason;
    });
  }

  /** Deletes replaced files of a day. Returns the time of the next deletion in UTC milliseconds. */
  clean(site: string, date: string): Promise<number | undefined> {
    return this.#inTurn(() => cleanDay(bucketOf(this.env), site, date, Date.now()));
  }

  /** Registers the files of a site in the deployment's Iceberg catalogue. Returns the number of new snapshots. */
  register(site: string): Promise<number> {
    return this.#inTurn(async () => {
      const { iceberg, features } = tenantOf(this.tenants, site);
      if (!iceberg) return 0;
      const { catalog: uri, warehouse, tokenSecret, bucket: bucketUri } = iceberg;
      const token = tokenSecret && (this.env as unknown as Record<string, string | undefined>)[tokenSecret];
      const target = { uri, warehouse, token, bucketUri };
      return registerLog(bucketOf(this.env), target, { id: site, features }, Date.now());
    });
  }

  /** Deletes expired files. */
  keep(site: string, days: number | LogDays): Promise<KeptLog> {
    return this.#inTurn(() => keepLog(bucketOf(this.env), site, days, Date.now()));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#latest.then(work);
    this.#latest = done.catch(() => {});
    return done;
  }

  async #write(site: string, partition: number): Promise<CutFile[]> {
    const tenant = tenantOf(this.tenants, site);
    const bucket = bucketOf(this.env);
    const source = partitionOf(this.env, tenant, partition);
    const written: CutFile[] = [];
    const { to: end } = await source.unlogged(site, partition);
    for (let logged = 0; logged < end; ) {
      const range = await source.beginCut(site, partition);
      if (!range) break;
      const records = await this.#read(site, partition, range);
      const cut = { site, partition, ...rangeOffsets(range), records };
      const { files, setAside } = await encodeCut(cut, {
        features: tenant.features,
        pause,
      });
      this.#report(site, setAside);
      try {
        const stored = await storeFiles(bucket, files);
        const bytes = stored.reduce((sum, file) => sum + file.bytes, 0);
        meter.count("tidemark_log_bytes_total", { site }, bytes);
        written.push(...stored);
      } finally {
        this.#sendCounts();
      }
      if (tenant.log)
        await this.#reportFiles(
          site,
          tenant.log.days,
          files.map(({ file }) => file),
        );
      await source.confirmCut(site, partition, range.to);
      logged = range.to;
    }
    return written;
  }

  async #read(site: string, partition: number, { after, to }: StreamRange): Promise<LogRecord[]> {
    const tenant = tenantOf(this.tenants, site);
    const source = partitionOf(this.env, tenant, partition);
    const records: LogRecord[] = [];
    while (after < to) {
      const entries = await source.readStream(site, partition, { after, to });
      for (const entry of entries) {
        records.push(...recordsIn(entry, site, partition));
        await scheduler.wait(0);
      }
      after = entries.at(-1)?.position ?? to;
    }
    return records;
  }

  #report(site: string, setAside: readonly SetAside[]): void {
    if (setAside.length === 0) return;
    for (const { record, reason } of setAside)
      console.error(`site ${site}: the log leaves out a record of kind ${record.kind}: ${reason}`);
    meter.count("tidemark_log_records_set_aside_total", { site }, setAside.length);
  }

  /** Sends the counts of this isolate, if they have not been sent in the latest seconds. */
  #sendCounts(): void {
    const sending = meter.send(() => metricsOf(this.env));
    if (sending) this.ctx.waitUntil(sending);
  }

  /** Reports the hours of new files to the schedule. If it fails, the schedule finds them within a day. */
  async #reportFiles(site: string, days: number | LogDays, files: readonly CutFile[]): Promise<void> {
    const now = Date.now();
    const nameOf = ({ date, hour }: CutFile) => `${date} ${hour}`;
    const hours = new Map(files.map((file) => [nameOf(file), { date: file.date, hour: file.hour }]));
    for (const hour of hours.keys()) if ((this.#reported.get(hour) ?? 0) > now) hours.delete(hour);
    if (hours.size === 0) return;
    try {
      const schedule = scheduleOf(this.env);
      const due = await callObject("Schedule", async () => schedule.noteFiles(site, days, [...hours.values()]));
      for (const [index, hour] of [...hours.keys()].entries()) this.#reported.set(hour, due[index] ?? 0);
    } catch (error) {
      console.error("the schedule received no report of new files", error);
    }
  }

  /** Reports to the schedule that files of a day were replaced. If it fails, the schedule finds them within a day. */
  async #reportReplaced({ site, date }: { site: string; date: string }): Promise<void> {
    try {
      await callObject("Schedule", async () => scheduleOf(this.env).noteReplaced(site, date));
    } catch (error) {
      console.error("the schedule received no report of replaced files", error);
    }
  }

  /** Lets the schedule expire the files of a partition that an earlier version has written. */
  override async alarm(): Promise<void> {
    const { kv } = this.ctx.storage;
    const retention = kv.get<EarlierRetention>(EARLIER_RETENTION);
    if (!retention) return;
    const { site, days } = retention;
    await scheduleOf(this.env).noteFiles(site, this.tenants.get(site)?.log?.days ?? days, []);
    kv.delete(EARLIER_RETENTION);
  }
}
