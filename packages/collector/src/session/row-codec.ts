import { Buffer } from "node:buffer";
import { Packr } from "msgpackr";

/** Bytes that fit into the row's first page, beside what SQLite adds, and into each page more. */
const PAGE = { first: 4_000, more: 4_092 };

/** The length of the pages that a number of bytes occupies. */
const filled = (length: number): number =>
  PAGE.first + Math.ceil(Math.max(0, length - PAGE.first) / PAGE.more) * PAGE.more;

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Buffer that every value is packed into: allocating one for each value takes longer than packing it. */
let scratch = Buffer.alloc(65_536);

/** A value in MessagePack, padded with zeros to fill pages. The next call overwrites the result. */
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

/** The value that {@link encode} packed, without its padding. */
export const decode = (bytes: ArrayBuffer): unknown => {
  let value: unknown;
  packr.unpackMultiple(new Uint8Array(bytes), (first) => {
    value = first;
    return false;
  });
  return value;
};
