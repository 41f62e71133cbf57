import { gunzipSync } from "node:zlib";
import { MAX_BODY_BYTES } from "@tidemark/schema/limits";
import type { z } from "zod";
import { HttpError, invalidJson } from "../errors.ts";
import { explain } from "../wire/explain.ts";
import { parseJson } from "../wire/parse-json.ts";

/** Decoder that rejects invalid UTF-8 and removes a byte order mark, which is not a part of the JSON. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

const tooLarge = () =>
  new HttpError("body_too_large", `The body is larger than ${MAX_BODY_BYTES} bytes. Send less in one request.`);

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
    // The runtime throws a RangeError for too much output, and a plain Error for anything else.
    if (error instanceof RangeError) throw tooLarge();
    throw new HttpError(
      "invalid_json",
      "The body starts with the bytes of gzip but cannot be decompressed. Send the complete body again.",
    );
  }
};

/**
 * Reads a body of UTF-8 text, and stops beyond {@link MAX_BODY_BYTES}. The first two bytes identify gzip, not the
 * headers: a request without a preflight cannot set `Content-Encoding`.
 *
 * @param onBytes Receives the size of the body before it is inflated, in bytes.
 * @throws HttpError `body_too_large` or `invalid_json`.
 */
export const readText = async (request: Request, onBytes?: (bytes: number) => void): Promise<string> => {
  const length = request.headers.get("content-length");
  if (Number(length) > MAX_BODY_BYTES) throw tooLarge();
  // HTTP limits a body to its `Content-Length`, so the runtime may read it in one call.
  let body =
    length === null && request.body ? await readBounded(request.body) : new Uint8Array(await request.arrayBuffer());
  onBytes?.(body.byteLength);
  if (body[0] === 0x1f && body[1] === 0x8b) body = inflate(body);
  try {
    return utf8.decode(body);
  } catch (error) {
    throw invalidJson(error);
  }
};

/** Reads a body that conforms to a schema. @throws HttpError `invalid_body`, or as {@link readText}. */
export const readBody = async <T extends z.ZodType>(request: Request, schema: T): Promise<z.infer<T>> => {
  const body = parseJson(await readText(request));
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new HttpError("invalid_body", `${explain(parsed.error, body).message}.`);
};
