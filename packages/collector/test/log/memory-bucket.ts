/** A call of the bucket. */
interface BucketCall {
  method: "delete" | "get" | "head" | "list" | "put";
  key: string;
}

/** An object storage in memory. */
export interface MemoryBucket {
  bucket: R2Bucket;
  /** Is awaited before the effect of each call, and may throw. */
  before: (call: BucketCall) => void | Promise<void>;
  /** Is awaited after the effect of each call, and may throw. */
  after: (call: BucketCall) => void | Promise<void>;
  /** All keys, in order. */
  keys(): string[];
  /** Sets the time at which an object was stored. */
  setUploaded(key: string, time: number): void;
}

/** Number of objects in a page of a list. */
const PAGE = 3;

/** Creates an empty bucket, with the parts of R2 that the log uses. */
export const createMemoryBucket = (): MemoryBucket => {
  const objects = new Map<string, { body: Uint8Array<ArrayBuffer>; etag: string; uploaded: Date }>();
  let writes = 0;
  const observed =
    <A extends unknown[], T>(method: BucketCall["method"], effect: (key: string, ...rest: A) => T) =>
    async (key: string, ...rest: A): Promise<T> => {
      await memory.before({ method, key });
      const result = effect(key, ...rest);
      await memory.after({ method, key });
      return result;
    };
  const headOf = (key: string) => {
    const object = objects.get(key);
    return object ? { key, etag: object.etag, size: object.body.length, uploaded: object.uploaded } : null;
  };
  const holds = (key: string, { etagMatches }: { etagMatches?: string }) =>
    etagMatches === undefined ? !objects.has(key) : objects.get(key)?.etag === etagMatches;
  const list = observed("list", (prefix: string, cursor: string) => {
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > cursor).sort();
    const page = keys.slice(0, PAGE);
    const truncated = keys.length > PAGE;
    return { objects: page.map(headOf), truncated, ...(truncated && { cursor: page.at(-1) }) };
  });
  const remove = observed("delete", (_: string, keys: readonly string[]) => {
    for (const key of keys) objects.delete(key);
  });
  const bucket = {
    head: observed("head", headOf),
    get: observed("get", (key: string, { range }: { range?: { offset: number; length: number } } = {}) => {
      const object = objects.get(key);
      const body = range ? object?.body.slice(range.offset, range.offset + range.length) : object?.body.slice();
      return object ? Object.assign(new Response(body), { key, etag: object.etag, size: object.body.length }) : null;
    }),
    put: observed(
      "put",
      (key: string, body: Uint8Array<ArrayBuffer> | string, options?: { onlyIf?: { etagMatches?: string } }) => {
        if (options?.onlyIf && !holds(key, options.onlyIf)) return null;
        writes += 1;
        const bytes = new Uint8Array(typeof body === "string" ? Buffer.from(body) : body);
        objects.set(key, { body: bytes, etag: `${writes}`, uploaded: new Date() });
        return headOf(key);
      },
    ),
    list: ({ prefix = "", cursor }: R2ListOptions = {}) => list(prefix, cursor ?? ""),
    delete: (keys: string | string[]) => remove([keys].flat()[0] ?? "", [keys].flat()),
  };
  const memory: MemoryBucket = {
    bucket: bucket as unknown as R2Bucket,
    before: () => {},
    after: () => {},
    keys: () => [...objects.keys()].sort(),
    setUploaded(key, time) {
      const object = objects.get(key);
      if (object) object.uploaded = new Date(time);
    },
  };
  return memory;
};
