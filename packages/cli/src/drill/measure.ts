import { setTimeout as sleep } from "node:timers/promises";
import { alerts } from "@tidemark/collector/alert-rules";
import type { Fault } from "./fault.ts";
import type { DrillStack } from "./stack.ts";

/** Time allowed for the metrics to show a fault, and beyond the time of its rule for the alert to fire and to clear, in seconds. */
const ALLOWED_S = 30;

/** Time after the allowed one until a measurement is given up, in seconds. */
const GIVE_UP_S = 30;

/** Longest time until the stack is quiet before a fault, in milliseconds. */
const QUIET_WITHIN_MS = 120_000;

/** Time between two looks, in milliseconds. */
const LOOK_MS = 100;

/** The times of a fault, in seconds. `null` for one that was not reached. */
export interface DrillRow {
  fault: string;
  alert: string;
  /** From the fault until the metrics in Prometheus show it. */
  metric_s: number | null;
  /** From the fault until the receiver of alerts gets the message that the alert fires. */
  firing_s: number | null;
  /** From the end of the fault until the receiver gets the message that it is over. */
  clearing_s: number | null;
  /** Allowed times of the three. */
  allowed: { metric_s: number; firing_s: number; clearing_s: number };
  isWithin: boolean;
}

/** The allowed times of a fault. */
export const allowedFor = ({ alert, lastsSeconds = 0 }: Fault, scale: number): DrillRow["allowed"] => {
  const { forSeconds = 0 } = alerts.find(({ name }) => name === alert) ?? {};
  return {
    metric_s: ALLOWED_S,
    firing_s: (lastsSeconds + forSeconds) / scale + ALLOWED_S,
    clearing_s: forSeconds / scale + ALLOWED_S,
  };
};

/** A row from the times of its steps. */
export const rowOf = (
  { name: fault, alert }: Fault,
  times: Pick<DrillRow, "metric_s" | "firing_s" | "clearing_s">,
  allowed: DrillRow["allowed"],
): DrillRow => {
  const isWithin = (["metric_s", "firing_s", "clearing_s"] as const).every((step) => {
    const time = times[step];
    return time !== null && time <= allowed[step];
  });
  return { fault, alert, ...times, allowed, isWithin };
};

/** Waits until something is so. Returns the seconds since a time, or `null` after the longest time. */
const secondsUntil = async (
  isSo: () => boolean | Promise<boolean>,
  since: number,
  longestSeconds: number,
): Promise<number | null> => {
  for (;;) {
    if (await isSo()) return (Date.now() - since) / 1_000;
    if (Date.now() - since > longestSeconds * 1_000) return null;
    await sleep(LOOK_MS);
  }
};

/** Injects a fault and ends it, and measures its times. A stack that does not become quiet before gets no fault. */
export const measureFault = async (fault: Fault, stack: DrillStack): Promise<DrillRow> => {
  const { alert, metric } = fault;
  const { server, scale } = stack;
  const allowed = allowedFor(fault, scale);
  const latest = () => server.messages.findLast((message) => message.alert === alert)?.state;
  const isQuiet = async () => latest() !== "firing" && !(await stack.holds(metric));
  const from = Date.now();
  const isReady = await secondsUntil(isQuiet, from, QUIET_WITHIN_MS / 1_000);
  const unreached = { metric_s: null, firing_s: null, clearing_s: null };
  if (isReady === null) return rowOf(fault, unreached, allowed);

  const began = Date.now();
  const end = await fault.begin(stack);
  let isEnded = false;
  try {
    const fires = () =>
      server.messages.some(({ alert: name, state, at }) => name === alert && state === "firing" && at > began);
    const [metric_s, firing_s] = await Promise.all([
      secondsUntil(() => stack.holds(metric), began, allowed.metric_s + GIVE_UP_S),
      secondsUntil(fires, began, allowed.firing_s + GIVE_UP_S),
    ]);
    await end();
    isEnded = true;
    if (firing_s === null) return rowOf(fault, { ...unreached, metric_s }, allowed);
    const ended = Date.now();
    // Prometheus may notice that the failed part is back before this process does.
    const clearing_s = await secondsUntil(() => latest() === "resolved", ended, allowed.clearing_s + GIVE_UP_S);
    return rowOf(fault, { metric_s, firing_s, clearing_s }, allowed);
  } finally {
    if (!isEnded) await end();
  }
};
