import { DurableObject } from "cloudflare:workers";
import type { LogFile, LogRecord } from "@tidemark/schema/log";
import { type Env, metricsOf, partitionOf } from "../env.ts";
import { sampleKey } from "../metrics/families.ts";
import type { StreamRange } from "../records/stream.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { encodeCut, type SetAside } from "./cut.ts";
import { bucketOf, expireFiles, storeFiles } from "./log-store.ts";
import { rangeOffsets, recordsIn } from "./stream-records.ts";

/** The files that this object deletes when they expire. Its alarm has no other way to know them. */
interface Retention {
  site: string;
  partition: number;
  /** Days for which the site kept its log at the latest write. */
  days: number;
}

const RETENTION = "retention";

const DAY_MS = 86_400_000;

/**
 * The Durable Object that writes the records of one partition into files of the log, and deletes expired files. The
 * partition knows which records are in files. Encoding takes longer than a push may wait, so it is not the partition's
 * work.
 */
export abstract class LogWriterObject extends DurableObject<Env> {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  /** The latest call. A call begins when the one before it has ended. */
  #latest: Promise<unknown> = Promise.resolve();

  /**
   * Writes the records of the partition that are in no file at the time of the call.
   *
   * @returns The written files.
   * @throws Error when the partition or the object storage cannot be reached. A repeated call writes the same files.
   */
  write(site: string, partition: number): Promise<LogFile[]> {
    const written = this.#latest.then(() => this.#write(site, partition));
    this.#latest = written.catch(() => {});
    return written;
  }

  async #write(site: string, partition: number): Promise<LogFile[]> {
    const tenant = tenantOf(this.tenants, site);
    const bucket = bucketOf(this.env);
    const source = partitionOf(this.env, tenant, partition);
    const written: LogFile[] = [];
    if (tenant.log) await this.#retain({ site, partition, days: tenant.log.days });
    const { to: end } = await source.unlogged(site, partition);
    for (let logged = 0; logged < end; ) {
      const range = await source.beginCut(site, partition);
      if (!range) break;
      const records = await this.#read(site, partition, range);
      const cut = { site, partition, ...rangeOffsets(range), records };
      const { files, setAside } = await encodeCut(cut, {
        features: tenant.features,
        pause: () => scheduler.wait(0),
      });
      this.#report(site, setAside);
      written.push(...(await storeFiles(bucket, files)));
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
    const key = sampleKey("tidemark_log_records_set_aside_total", { site });
    this.ctx.waitUntil(metricsOf(this.env).add({ [key]: setAside.length }));
  }

  /** Stores what the alarm has to know, and ensures that it fires within a day. */
  async #retain(retention: Retention): Promise<void> {
    const { kv } = this.ctx.storage;
    if (kv.get<Retention>(RETENTION)?.days !== retention.days) kv.put(RETENTION, retention);
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + DAY_MS);
  }

  /**
   * Deletes expired files, each day until none is left: also those of a site without further records, and those of a
   * site that has no log any more.
   */
  override async alarm(): Promise<void> {
    const retention = this.ctx.storage.kv.get<Retention>(RETENTION);
    if (!retention) return;
    // Before the deletion, which can fail.
    await this.ctx.storage.setAlarm(Date.now() + DAY_MS);
    const { site, partition } = retention;
    const days = this.tenants.get(site)?.log?.days ?? retention.days;
    const oldest = new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
    if ((await expireFiles(bucketOf(this.env), site, partition, oldest)) === 0) await this.ctx.storage.deleteAlarm();
  }
}
