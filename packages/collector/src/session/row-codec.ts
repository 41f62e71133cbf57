import { Buffer } from "node:buffer";
import { Packr } from "msgpackr";

/** Bytes of the value that fit into the row's first page, next to SQLite's own, and into each further page. */
const PAGE = { first: 4_000, more: 4_092 };

/** The capacity of the pages that a number of bytes occupies. */
const filled = (length: number): number =>
  PAGE.first + Math.ceil(Math.max(0, length - PAGE.first) / PAGE.more) * PAGE.more;

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Buffer that all values are packed into. Allocating a buffer takes longer than packing a value. */
let scratch = Buffer.alloc(65_536);

/** Encodes a value as MessagePack, padded with zeros to whole pages. The next call overwrites the result. */
export const encode = (value: object, atLeast: number): Uint8Array => {
  packr.useBuffer(scratch);
  const bytes = packr.pack(value);
  const length = Math.max(atLeast, filled(bytes.length));
  if (bytes.buffer !== scratch.buffer || length > scratch.length) {
    scratch = Buffer.alloc(2 * length);
    scratch.set(bytes);
  }
  return scratch.fill(0, bytes.length, length).subarray(0, length);
};

/** Decodes a value that {@link encode} packed, and ignores its padding. */
export const decode = (bytes: ArrayBuffer): unknown => {
  let value: unknown;
  packr.unpackMultiple(new Uint8Array(bytes), (first) => {
    value = first;
    return false;
  });
  return value;
};
