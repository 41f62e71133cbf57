import { gunzipSync } from "node:zlib";
import { MAX_BODY_BYTES } from "@tidemark/schema/limits";
import { HttpError, invalidJson } from "../errors.ts";

/** JSON is UTF-8; a byte order mark at its start is none of its text. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

const tooLarge = () =>
  new HttpError("body_too_large", `The body is larger than ${MAX_BODY_BYTES} bytes. Send fewer events in a batch.`);

const readBounded = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
};

const inflate = (body: Uint8Array): Uint8Array => {
  try {
    return gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    // The runtime's word for more output than was allowed; whatever else is wrong is an Error like any other.
    if (error instanceof RangeError) throw tooLarge();
    throw new HttpError("invalid_json", "The body begins like gzip but cannot be inflated. Send it again, whole.");
  }
};

/**
 * Reads a body of UTF-8 text, of at most {@link MAX_BODY_BYTES}, and no more of it than that. Gzip is recognised by its first two
 * bytes, whatever the headers say, because a request that needs no preflight cannot announce it.
 *
 * @throws HttpError `body_too_large` or `invalid_json`.
 */
export const readText = async (request: Request): Promise<string> => {
  const length = request.headers.get("content-length");
  if (Number(length) > MAX_BODY_BYTES) throw tooLarge();
  // HTTP holds a body to the length that was announced: what remains is to read it, which the runtime does at once.
  let body =
    length === null && request.body ? await readBounded(request.body) : new Uint8Array(await request.arrayBuffer());
  if (body[0] === 0x1f && body[1] === 0x8b) body = inflate(body);
  try {
    return utf8.decode(body);
  } catch (error) {
    throw invalidJson(error);
  }
};
