/**
 * Cloudflare's public list prices on the Workers Paid plan, in USD, beyond the included amounts, as known on
 * 2026-11-25.
 *
 * The prices of Durable Objects' requests and duration are from excerpts of
 * developers.cloudflare.com/durable-objects/platform/pricing. Those of requests, processor time, rows and storage are
 * from Cloudflare's page on Workflows, and from quotes of developers.cloudflare.com/workers/platform/pricing. Compare
 * them with that page before you rely on a sum.
 */
export const prices = {
  /** A request to a Worker. */
  request: 0.3 / 1e6,
  /** A millisecond of processor time. */
  cpuMs: 0.02 / 1e6,
  /** A call to a Durable Object, or a run of its alarm. */
  objectRequest: 0.15 / 1e6,
  /** A second of a Durable Object's active time with 1 GB. An object is billed with {@link OBJECT_GB}. */
  objectGbSecond: 12.5 / 1e6,
  /** A row written to SQLite, by SQL or as the value of a key. Setting an alarm counts as one. */
  rowWritten: 1 / 1e6,
  /** A row read from SQLite. */
  rowRead: 0.001 / 1e6,
  /** An operation of object storage that changes or lists objects (class A). */
  bucketWrite: 4.5 / 1e6,
  /** An operation of object storage that reads an object (class B). */
  bucketRead: 0.36 / 1e6,
  /** A GB in SQLite for a month. */
  storedGbMonth: 0.2,
} as const;

/** Billed memory of a Durable Object, in GB, independent of its use. */
export const OBJECT_GB = 0.128;
