import { matcher } from "@tidemark/engine";
import type { LogRecord } from "@tidemark/schema/log";
import type { SinkDefinition } from "../define-sink.ts";

/** Compiles the choice of a sink's records: their kinds, the conditions on events, and the consent of the visitor. */
export const chooser = ({
  kinds,
  where = [],
  consent,
}: Pick<SinkDefinition, "kinds" | "where" | "consent">): ((record: LogRecord) => boolean) => {
  const wanted = kinds && new Set(kinds);
  const matches = where.length > 0 ? matcher(where as Parameters<typeof matcher>[0]) : undefined;
  return (record) => {
    if (wanted && !wanted.has(record.kind)) return false;
    if (consent) {
      const stated =
        record.kind === "event" ? record.event.consent : record.kind === "vector" ? record.consent : undefined;
      if (stated?.[consent] !== "granted") return false;
    }
    // A recorded event has the fields of its context too.
    return record.kind !== "event" || !matches || matches(record.event, record.event as Parameters<typeof matches>[1]);
  };
};
