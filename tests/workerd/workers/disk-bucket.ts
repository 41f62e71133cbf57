/** The latest write of each key: a write that depends on an etag is one step. */
const latest = new Map<string, Promise<unknown>>();

const inTurn = <T>(key: string, work: () => Promise<T>): Promise<T> => {
  const done = (latest.get(key) ?? Promise.resolve()).then(work);
  latest.set(
    key,
    done.catch(() => {}),
  );
  return done;
};

const etagOf = async (body: ArrayBuffer): Promise<string> =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", body))].join(" ");

/**
 * The parts of a bucket that the log uses, on a folder that the runtime serves: workerd alone has no object storage.
 * Nothing can be deleted there: an empty file is a deleted object.
 */
export const diskBucket = (disk: Fetcher): R2Bucket => {
  // The runtime rejects names with slashes, and decodes percent signs.
  const url = (key: string) => `http://disk/${encodeURIComponent(key).replaceAll("%", "~")}`;
  const keyOf = (name: string) => decodeURIComponent(name.replaceAll("~", "%"));
  const head = async (key: string) => {
    const { ok, headers } = await disk.fetch(url(key), { method: "HEAD" });
    const size = Number(headers.get("content-length"));
    return ok && size > 0 ? { key, size } : null;
  };
  const read = async (key: string): Promise<ArrayBuffer | undefined> => {
    const response = await disk.fetch(url(key));
    const body = await response.arrayBuffer();
    return response.ok && body.byteLength > 0 ? body : undefined;
  };
  const write = async (key: string, body: BodyInit): Promise<void> => {
    const response = await disk.fetch(url(key), { method: "PUT", body });
    if (!response.ok) throw new Error(`the folder of the log responded with ${response.status}`);
  };
  const holds = async (key: string, { etagMatches }: { etagMatches?: string }): Promise<boolean> => {
    if (etagMatches === undefined) return (await head(key)) === null;
    const body = await read(key);
    return body !== undefined && (await etagOf(body)) === etagMatches;
  };
  const bucket = {
    head,
    async get(key: string) {
      const body = await read(key);
      if (!body) return null;
      const etag = await etagOf(body);
      return Object.assign(new Response(body), { etag, httpEtag: JSON.stringify(etag) });
    },
    put: (key: string, body: BodyInit, options?: { onlyIf?: { etagMatches?: string } }) =>
      inTurn(key, async () => {
        if (options?.onlyIf && !(await holds(key, options.onlyIf))) return null;
        await write(key, body);
        return { key };
      }),
    async delete(keys: string | string[]) {
      for (const key of [keys].flat()) if (await head(key)) await inTurn(key, () => write(key, ""));
    },
    async list({ prefix = "" }: R2ListOptions = {}) {
      const files = await (await disk.fetch("http://disk/")).json<{ name: string }[]>();
      const keys = files.map(({ name }) => keyOf(name)).filter((key) => key.startsWith(prefix));
      const found = await Promise.all(keys.map(head));
      const objects = found.filter((object) => object !== null).map((object) => ({ ...object, uploaded: new Date() }));
      return { objects: objects.sort((one, other) => (one.key < other.key ? -1 : 1)), truncated: false };
    },
  };
  return bucket as unknown as R2Bucket;
};
