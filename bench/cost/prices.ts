/**
 * Cloudflare's public list prices on the Workers Paid plan, in USD, beyond what the plan includes, as known on 2026-11-25. Those
 * of Durable Objects' requests and duration are from excerpts of developers.cloudflare.com/durable-objects/platform/pricing; those
 * of requests, processor time, rows and storage from Cloudflare's page on Workflows and from others who quote
 * developers.cloudflare.com/workers/platform/pricing: compare them with that page before you rely on a sum.
 */
export const prices = {
  /** A request to a Worker, whatever it does. */
  request: 0.3 / 1e6,
  /** A millisecond of processor time. */
  cpuMs: 0.02 / 1e6,
  /** A call to a Durable Object, or a run of its alarm. */
  objectRequest: 0.15 / 1e6,
  /** A second in which a Durable Object of 1 GB is at work. It is billed as one of {@link OBJECT_GB}. */
  objectGbSecond: 12.5 / 1e6,
  /** A row written to SQLite, by SQL or as a key's value. Setting an alarm is one. */
  rowWritten: 1 / 1e6,
  /** A row read from SQLite. */
  rowRead: 0.001 / 1e6,
  /** A GB in SQLite for a month. */
  storedGbMonth: 0.2,
} as const;

/** Memory for which a Durable Object is billed, whatever it uses, in GB. */
export const OBJECT_GB = 0.128;
