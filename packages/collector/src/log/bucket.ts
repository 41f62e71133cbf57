import { LOG_PREFIX } from "@tidemark/schema/log";

/** The bucket of the log's files. @throws Error for a deployment without one. */
export const bucketOf = ({ LOG }: { LOG?: R2Bucket }): R2Bucket => {
  if (!LOG) throw new Error("wrangler.toml: a site has a log, and no [[r2_buckets]] has the binding LOG");
  return LOG;
};

/** Key of an object of the log. */
export const keyOf = (name: string): string => `${LOG_PREFIX}${name}`;

/** The keys of all objects with a prefix, and the times at which they were stored. */
export async function* objectsOf(bucket: R2Bucket, prefix: string): AsyncGenerator<{ name: string; uploaded: Date }> {
  let cursor: string | undefined;
  do {
    const page: R2Objects = await bucket.list({ prefix: keyOf(prefix), ...(cursor && { cursor }) });
    for (const { key, uploaded } of page.objects) yield { name: key.slice(LOG_PREFIX.length), uploaded };
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

/** Number of files that one call deletes: the platform's limit. */
const MAX_DELETED = 1_000;

/** Deletes objects. A repetition changes nothing. */
export const deleteObjects = async (bucket: R2Bucket, names: readonly string[]): Promise<void> => {
  for (let start = 0; start < names.length; start += MAX_DELETED)
    await bucket.delete(names.slice(start, start + MAX_DELETED).map(keyOf));
};
