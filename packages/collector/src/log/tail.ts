import { type Env, partitionOf } from "../env.ts";
import type { StreamRange } from "../records/stream.ts";
import type { Tenant } from "../tenants.ts";
import { recordsIn } from "./stream-records.ts";

/** The range of a partition's stream that is in no file. */
interface Unlogged {
  partition: number;
  range: StreamRange;
}

/**
 * Reads the records of a site that are in no file of the log yet, as one JSON object a line.
 *
 * @param partitions The site's partitions.
 * @throws Error when a partition cannot be reached. If that happens later, the stream has an error.
 */
export const readTail = async (
  env: Env,
  tenant: Tenant,
  partitions: readonly number[],
): Promise<ReadableStream<Uint8Array>> => {
  const { id } = tenant.site;
  const ranges = partitions.map(async (partition): Promise<Unlogged> => {
    return { partition, range: await partitionOf(env, tenant, partition).unlogged(id, partition) };
  });
  const lines = linesOf(env, tenant, await Promise.all(ranges));
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
};

/** Yields the lines of each entry of the stream, partition by partition. */
async function* linesOf(env: Env, tenant: Tenant, ranges: readonly Unlogged[]): AsyncGenerator<string> {
  const { id } = tenant.site;
  for (const { partition, range } of ranges) {
    for (let { after, to } = range; after < to; ) {
      const entries = await partitionOf(env, tenant, partition).readStream(id, partition, { after, to });
      for (const entry of entries)
        yield [...recordsIn(entry, id, partition)].map((record) => `${JSON.stringify(record)}\n`).join("");
      after = entries.at(-1)?.position ?? to;
    }
  }
}
