import { DurableObject } from "cloudflare:workers";
import type { LogFile, LogRecord } from "@tidemark/schema/log";
import { type Env, metricsOf, partitionOf } from "../env.ts";
import { sampleKey } from "../metrics/families.ts";
import type { StreamRange } from "../records/stream.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { encodeCut, type SetAside } from "./cut.ts";
import { bucketOf, expireFiles, storeFiles } from "./log-store.ts";
import { rangeOffsets, recordsIn } from "./stream-records.ts";

/** Key of the UTC date on which expired files were deleted. */
const EXPIRED_ON = "expired_on";

/**
 * The Durable Object that writes the records of one partition into files of the log. It keeps nothing: the partition
 * knows which records are in files. Encoding takes longer than a push may wait, so it is not the partition's work.
 */
export abstract class LogWriterObject extends DurableObject<Env> {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  /** The end of the latest call. Calls follow one another: each has its own end of the records that it writes. */
  #latest: Promise<unknown> = Promise.resolve();

  /**
   * Writes the records of the partition that are in no file at the time of the call, and deletes expired files once a
   * day.
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
      await storeFiles(bucket, files);
      await source.confirmCut(site, partition, range.to);
      logged = range.to;
      written.push(...files.map(({ file }) => file));
    }
    await this.#expire(bucket, site, partition, tenant.log?.days);
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

  async #expire(bucket: R2Bucket, site: string, partition: number, days: number | undefined): Promise<void> {
    const today = new Date().toISOString().slice(0, 10);
    if (days === undefined || this.ctx.storage.kv.get<string>(EXPIRED_ON) === today) return;
    const oldest = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
    await expireFiles(bucket, site, partition, oldest);
    this.ctx.storage.kv.put(EXPIRED_ON, today);
  }
}
