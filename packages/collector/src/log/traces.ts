import { rangesOf } from "@tidemark/schema/log";
import { manifestsOf, readDay } from "./manifests.ts";
import { positionOf } from "./stream-records.ts";

/** The traces of a site's partitions in its log. */
export interface LogTraces {
  /** The largest number of a partition with files. */
  partition: number;
  /** The position in the journal up to which the given partition has files; `undefined` if it has none. */
  position: number | undefined;
}

/**
 * Finds what the log knows of a partition whose object has no storage.
 *
 * @returns `undefined` if the log has no files.
 */
export const findTraces = async (bucket: R2Bucket, site: string, partition: number): Promise<LogTraces | undefined> => {
  const traces: LogTraces = { partition: -1, position: undefined };
  for (const [date, manifests] of await manifestsOf(bucket, site))
    for (const range of (await readDay(bucket, site, date, manifests)).files.flatMap(rangesOf)) {
      traces.partition = Math.max(traces.partition, range.partition);
      if (range.partition === partition)
        traces.position = Math.max(traces.position ?? 0, positionOf(range.last_offset));
    }
  return traces.partition < 0 ? undefined : traces;
};
