import { CompressionStream, Response, Uint8Array } from "../platform.ts";
import type { Compress } from "./compression.ts";

/** Smallest body to compress, in bytes: a smaller one fits into one packet anyway. */
const MIN_BYTES = 1_000;

/**
 * Compresses a body with gzip, by the browser's CompressionStream; the default of the option `compress` of {@link createTracker}.
 * The collector recognises gzip by its first two bytes, so that the request needs no header and no preflight.
 *
 * It returns the body unchanged when it is small, and when the browser has no CompressionStream.
 */
export const gzip: Compress = async (body) => {
  if (body.length < MIN_BYTES || !CompressionStream) return body;
  const compressed = (new Response(body).body as ReadableStream).pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
};
