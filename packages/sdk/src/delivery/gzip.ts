import { onPageChange } from "../sensors/page-state.ts";

/** Makes the body of a request smaller, while the page is visible: {@link gzip}. */
export type Compress = (body: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;

/** Below this many bytes a body fits one packet anyway, and compressing it costs more than it saves. */
const WORTHWHILE_BYTES = 1_000;

const pack: Compress = async (body) => {
  const packed = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
};

/**
 * For the option `compress` of {@link createTracker}: gzip by the browser's own CompressionStream. The collector knows gzip
 * by its first two bytes, so that no header brings a preflight. A body goes as it is when it is small, when the browser has
 * no CompressionStream, and when the page is hidden before it is packed: a page that goes away may not live to see that.
 */
export const gzip: Compress = async (body) => {
  if (body.length < WORTHWHILE_BYTES || !globalThis.CompressionStream) return body;
  let stop: (() => void) | undefined;
  const hidden = new Promise<typeof body>((resolve) => {
    stop = onPageChange((change) => change === "hidden" && resolve(body));
  });
  return Promise.race([hidden, pack(body)]).finally(stop);
};
