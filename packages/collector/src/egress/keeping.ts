import type { LogRecord } from "@tidemark/schema/log";
import type { LogSettings } from "../config.ts";
import { daysOf } from "../log/retention.ts";
import type { OpenCut } from "./cut-records.ts";
import type { StoredEgress } from "./stored-egress.ts";

const DAY_MS = 86_400_000;

/** The time for which the log of a site keeps a record. A sink keeps and sends no older ones. */
type Kept = Pick<LogRecord, "kind" | "received_at">;

/** Returns the time at which a record is no longer kept, in UTC milliseconds. Without a log, no record is. */
export const expiryOf = (log: LogSettings | undefined, { kind, received_at }: Kept): number =>
  log ? received_at + daysOf(log.days, kind) * DAY_MS : 0;

/** Returns the time at which the first pending record of a cut is no longer kept, in UTC milliseconds. */
export const expiryOfCut = ({ stored, records }: OpenCut, log: LogSettings | undefined): number =>
  Math.min(
    ...stored.pending.flatMap((index) => {
      const sent = records[index];
      return sent ? [expiryOf(log, sent.record)] : [];
    }),
  );

/**
 * Gives up the cut of an egress. Its records that the log keeps are cut again. The sink begins without its memory, which
 * belongs to the cut.
 */
export const giveUpCut = (state: StoredEgress, { stored, records }: OpenCut): void => {
  const first = records[stored.pending[0] ?? 0];
  if (first) state.cursor = Math.min(state.cursor, first.record.offset - 1);
  delete state.cut;
  delete state.state;
};
