import { defaultFeatures } from "@tidemark/schema";
import type { LogRecord } from "@tidemark/schema/log";
import { expect } from "vitest";
import { logOf } from "../../packages/cli/test/log/log-records.ts";
import { sinkRecordOf } from "../../packages/collector/src/egress/sink-records.ts";
import type { Cut, SinkOutcome, SinkRecord } from "../../packages/collector/src/sinks/sink.ts";
import type { Workerd } from "../workerd/workerd.ts";
import type { AttemptRequest } from "./workers/attempt.ts";

/** Records of a site's log: events of many types, and final vectors. */
export const logRecords = (): SinkRecord[] =>
  logOf({ features: defaultFeatures, partitions: 1 }).map((record) => sinkRecordOf(record as unknown as LogRecord));

/** A cut with all records pending. */
export const cutOf = (records: readonly SinkRecord[], id: string): Cut => ({
  ...{ id, at: Date.now(), records },
  pending: records.map((_, index) => index),
});

/** Makes one attempt in a Worker. */
export const attemptIn = async (worker: Workerd, request: Omit<AttemptRequest, "settings"> & { settings: object }) => {
  const response = await fetch(worker.origin, { method: "POST", body: JSON.stringify(request) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as SinkOutcome[];
};

/** Expects that all records are delivered. */
export const expectDelivered = (outcomes: readonly SinkOutcome[]): void =>
  expect(outcomes.filter(({ type }) => type !== "delivered")).toEqual([]);
