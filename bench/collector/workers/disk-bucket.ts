/**
 * The parts of a bucket that the writer of the log uses, on a folder that the runtime serves: workerd alone has no
 * object storage. It never lists anything, so that nothing expires.
 */
export const diskBucket = (disk: Fetcher): R2Bucket => {
  // The runtime rejects names with slashes.
  const url = (key: string) => `http://disk/${key.replaceAll(/[^\w.-]/g, "_")}`;
  const bucket = {
    async get(key: string) {
      const response = await disk.fetch(url(key));
      return response.ok ? response : null;
    },
    async put(key: string, body: BodyInit) {
      const response = await disk.fetch(url(key), { method: "PUT", body });
      if (!response.ok) throw new Error(`the folder of the log responded with ${response.status}`);
    },
    list: async () => ({ objects: [], truncated: false }),
  };
  return bucket as unknown as R2Bucket;
};
