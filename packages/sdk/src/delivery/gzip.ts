import { onPageChange } from "../sensors/page-state.ts";

/** Compresses the body of a request; {@link gzip} is one. It is called while the page is visible only. */
export type Compress = (body: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;

/** Smallest body to compress, in bytes: a smaller one fits into one packet anyway. */
const MIN_BYTES = 1_000;

const compress: Compress = async (body) => {
  const compressed = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
};

/**
 * Compresses a body with gzip, by the browser's CompressionStream; for the option `compress` of {@link createTracker}.
 * The collector recognises gzip by its first two bytes, so that the request needs no header and no preflight.
 *
 * It returns the body unchanged when it is small, when the browser has no CompressionStream, and when the page is
 * hidden before compression ends. A hidden page may end at any time.
 */
export const gzip: Compress = async (body) => {
  if (body.length < MIN_BYTES || !globalThis.CompressionStream) return body;
  let stop: (() => void) | undefined;
  const hidden = new Promise<typeof body>((resolve) => {
    stop = onPageChange((change) => change === "hidden" && resolve(body));
  });
  return Promise.race([hidden, compress(body)]).finally(stop);
};
