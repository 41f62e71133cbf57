import { defaultFeatures } from "@tidemark/schema";
import type { EventRecord, LogRecord } from "@tidemark/schema/log";
import { expect } from "vitest";
import { logOf } from "../../packages/cli/test/log/log-records.ts";
import type { Workerd } from "../workerd/workerd.ts";

/** The outcome of a record. */
export interface Outcome {
  type: "delivered" | "retry" | "refused";
  reason?: string;
  afterMs?: number;
}

/** A cut. */
export interface TestCut {
  id: string;
  records: readonly LogRecord[];
  /** Indexes of the pending records. Default: all. */
  pending?: readonly number[];
}

/** An attempt in a Worker. */
interface AttemptRequest {
  target: "clickhouse" | "postgres";
  settings: object;
  cut: TestCut;
  /** Time of the attempt, in milliseconds. */
  timeMs: number;
}

/** Records of a site's log: events of many types, and final vectors. */
export const logRecords = (): LogRecord[] =>
  logOf({ features: defaultFeatures, partitions: 1 }).map((record) => record as unknown as LogRecord);

/** The events of records. */
export const eventsIn = (records: readonly LogRecord[]): EventRecord[] =>
  records.filter((record) => record.kind === "event");

/** The id of a record, as sinks write it. */
export const idOf = (record: LogRecord): string => {
  if (record.kind !== "event") return `${record.site}/${record.partition}/${record.offset}`;
  const { session_id, tab_id, seq } = record.event;
  return `${session_id}/${tab_id}/${seq}`;
};

/** Makes one attempt in a Worker. */
export const attemptIn = async (worker: Workerd, request: AttemptRequest): Promise<Outcome[]> => {
  const response = await fetch(worker.origin, { method: "POST", body: JSON.stringify(request) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Outcome[];
};

/** Makes attempts as long as the sink asks for another one at once. Returns the latest outcome of each record. */
export const attemptAtOnce = async (
  cut: TestCut,
  attempt: (cut: TestCut) => Promise<Outcome[]>,
): Promise<{ attempts: number; outcomes: Outcome[] }> => {
  const latest = new Map<number, Outcome>();
  let pending = [...cut.records.keys()];
  let attempts = 0;
  for (; pending.length > 0 && attempts < 20; attempts++) {
    const outcomes = await attempt({ ...cut, pending });
    for (const [place, index] of pending.entries()) latest.set(index, outcomes[place] as Outcome);
    pending = pending.filter((index) => latest.get(index)?.afterMs === 0);
  }
  return { attempts, outcomes: [...cut.records.keys()].map((index) => latest.get(index) as Outcome) };
};

/** Expects that all records are delivered. */
export const expectDelivered = (outcomes: readonly Outcome[]): void => {
  expect(outcomes.length).toBeGreaterThan(0);
  expect(outcomes.filter(({ type }) => type !== "delivered")).toEqual([]);
};
