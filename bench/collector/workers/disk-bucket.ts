/**
 * The parts of a bucket that the log uses, on a folder that the runtime serves: workerd alone has no object storage.
 * Nothing can be deleted, so nothing expires.
 */
export const diskBucket = (disk: Fetcher): R2Bucket => {
  // The runtime rejects names with slashes, and decodes percent signs.
  const url = (key: string) => `http://disk/${encodeURIComponent(key).replaceAll("%", "~")}`;
  const keyOf = (name: string) => decodeURIComponent(name.replaceAll("~", "%"));
  const head = async (key: string) => {
    const { ok, headers } = await disk.fetch(url(key), { method: "HEAD" });
    return ok ? { key, size: Number(headers.get("content-length")) } : null;
  };
  const bucket = {
    head,
    async get(key: string) {
      const response = await disk.fetch(url(key));
      // A file never changes under its name.
      return response.ok ? Object.assign(response, { httpEtag: JSON.stringify(key) }) : null;
    },
    async put(key: string, body: BodyInit, options?: R2PutOptions) {
      if (options?.onlyIf && (await head(key))) return null;
      const response = await disk.fetch(url(key), { method: "PUT", body });
      if (!response.ok) throw new Error(`the folder of the log responded with ${response.status}`);
      return { key };
    },
    async list({ prefix = "" }: R2ListOptions = {}) {
      const files = await (await disk.fetch("http://disk/")).json<{ name: string }[]>();
      const objects = files.map(({ name }) => ({ key: keyOf(name) })).filter(({ key }) => key.startsWith(prefix));
      return { objects, truncated: false };
    },
  };
  return bucket as unknown as R2Bucket;
};
