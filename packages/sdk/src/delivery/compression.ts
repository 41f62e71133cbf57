import { Promise, Uint8Array } from "../platform.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { gzip } from "./gzip.ts";

/** Compresses the body of a request; {@link gzip} is one. It is called while the page is visible only. */
export type Compress = (body: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;

/** Whether a function has returned the body, or gzip: the collector recognises it by these bytes. */
const isReadable = (compressed: unknown, body: unknown): boolean =>
  compressed === body || (compressed instanceof Uint8Array && compressed[0] === 0x1f && compressed[1] === 0x8b);

/**
 * Creates the compression of a page's request bodies. It returns a promise that never rejects, or `undefined` when the
 * body is to be sent as it is.
 *
 * - A page that is hidden or being left may end at any time: it compresses nothing, and waits for no compression.
 * - A function that fails, never returns, or returns something else than gzip is not called again: the page sends
 *   bodies as they are.
 *
 * @param compress The option: `true` stands for {@link gzip}.
 */
export const createCompression = (compress: boolean | Compress = true) => {
  let usable = compress === true ? gzip : compress;
  return (body: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> | undefined => {
    const called = isVisible() && usable;
    if (!called) return;
    usable = false;
    return new Promise((resolve) => {
      const stop = onPageChange((change) => change === "hidden" && resolve(body));
      const run = async () => {
        try {
          const compressed = await called(body);
          if (!isReadable(compressed, body)) return;
          usable = called;
          resolve(compressed);
        } catch {
          // The body is sent as it is.
        } finally {
          stop();
          resolve(body);
        }
      };
      void run();
    });
  };
};
