import type { Usage } from "./play.ts";
import { OBJECT_GB, prices } from "./prices.ts";

/** Prices of one part of a deployment for a million events, by resource, in USD. */
export type Bill = Record<keyof typeof prices, number>;

/** Parts in the order of their tables. `Worker` stands for all that is outside of Durable Objects. */
export type Bills = Record<string, Bill>;

const MILLION = 1e6;

const NOTHING = Object.fromEntries(Object.keys(prices).map((name) => [name, 0])) as Bill;

/** Returns the resources that a million events cost in each part, when so many events used these. */
export const billsOf = ({ requests, cpuMs, parts, bytes }: Usage, events: number): Bills => {
  const priced = (used: Partial<Bill>): Bill => {
    const bill = { ...NOTHING };
    for (const [name, amount] of Object.entries(used) as [keyof Bill, number][])
      bill[name] = (amount * prices[name] * MILLION) / events;
    return bill;
  };
  const objects = Object.entries(parts).map(([binding, used]) => [
    binding,
    priced({
      objectRequest: used.objectRequests,
      objectGbSecond: (used.activeMs / 1000) * OBJECT_GB,
      rowWritten: used.rowsWritten,
      rowRead: used.rowsRead,
      bucketWrite: used.bucketWrites ?? 0,
      bucketRead: used.bucketReads ?? 0,
      storedGbMonth: (bytes[binding] ?? 0) / 1e9,
    }),
  ]);
  return { Worker: priced({ request: requests, cpuMs }), ...Object.fromEntries(objects) };
};

/** The sum of all resources of a part. */
export const sumOf = (bill: Bill): number => Object.values(bill).reduce((total, usd) => total + usd, 0);

/**
 * The sum of what grows from one bill to another: an upper bound of the cost that something adds. A resource that shrinks
 * by other timing does not hide it.
 */
export const growthOf = (before: Bills, after: Bills): number =>
  Object.entries(after)
    .flatMap(([part, bill]) =>
      Object.entries(bill).map(([name, usd]) => Math.max(0, usd - (before[part]?.[name as keyof Bill] ?? 0))),
    )
    .reduce((total, usd) => total + usd, 0);

/** The sum of all parts. */
export const totalOf = (bills: Bills): number => Object.values(bills).reduce((total, bill) => total + sumOf(bill), 0);
