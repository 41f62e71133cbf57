/*
 * Packed records are frames one after another, each with a head of three 32-bit numbers: the length of its body in
 * bytes, the number of the push that it is sent with, and the number of its records. Partitions read only the heads.
 */

const HEAD_BYTES = 12;

/** A frame in packed records. */
interface Frame {
  /** Number of the push that the frame is sent with. */
  push: number;
  /** Number of records. */
  count: number;
  body: Uint8Array;
  /** Index of the first byte after the frame. */
  end: number;
}

/** Creates a frame. */
export const frameOf = (push: number, count: number, body: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, push);
  view.setUint32(8, count);
  bytes.set(body, HEAD_BYTES);
  return bytes;
};

/** Reads the frames in packed records, in order. */
export function* framesIn(bytes: Uint8Array): Generator<Frame> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < bytes.length; ) {
    const end = start + HEAD_BYTES + view.getUint32(start);
    const [push, count] = [view.getUint32(start + 4), view.getUint32(start + 8)];
    yield { push, count, body: bytes.subarray(start + HEAD_BYTES, end), end };
    start = end;
  }
}

/** The number of packed records. */
export const countRecords = (bytes: Uint8Array): number => {
  let count = 0;
  for (const frame of framesIn(bytes)) count += frame.count;
  return count;
};

/** The length of the records that are sent with the pushes up to a number, in bytes. Later pushes follow earlier ones. */
export const lengthUpTo = (bytes: Uint8Array, push: number): number => {
  let length = 0;
  for (const frame of framesIn(bytes)) {
    if (frame.push > push) break;
    length = frame.end;
  }
  return length;
};

/** The records that are sent with the pushes after a number; `undefined` without records. */
export const recordsAfter = (bytes: Uint8Array, push: number): Uint8Array | undefined => {
  const later = bytes.subarray(lengthUpTo(bytes, push));
  return later.length > 0 ? later : undefined;
};
