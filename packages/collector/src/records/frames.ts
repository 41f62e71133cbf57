/*
 * Packed records are frames one after another. Each begins with the length of its body in bytes, and the numbers of a
 * `FrameHead`: 32 bits each, and 16 for the number of records. Partitions read only these.
 */

const HEAD_BYTES = 14;

/** The numbers that a frame begins with. */
interface FrameHead {
  /** Number of the push that the frame is sent with. */
  push: number;
  /** Length of the text that the body unpacks to. */
  characters: number;
  /** Number of records: at most those of a batch. */
  count: number;
}

/** A frame in packed records. */
interface Frame extends FrameHead {
  body: Uint8Array;
  /** Index of the first byte after the frame. */
  end: number;
}

/** Creates a frame. */
export const frameOf = ({ push, count, characters }: FrameHead, body: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, push);
  view.setUint32(8, characters);
  view.setUint16(12, count);
  bytes.set(body, HEAD_BYTES);
  return bytes;
};

/** Reads the frames in packed records, in order. */
export function* framesIn(bytes: Uint8Array): Generator<Frame> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < bytes.length; ) {
    const end = start + HEAD_BYTES + view.getUint32(start);
    const head = {
      push: view.getUint32(start + 4),
      characters: view.getUint32(start + 8),
      count: view.getUint16(start + 12),
    };
    yield { ...head, body: bytes.subarray(start + HEAD_BYTES, end), end };
    start = end;
  }
}

/** The number of packed records, and the length of the texts that they unpack to. */
export const sizeOfRecords = (bytes: Uint8Array): { count: number; characters: number } => {
  const size = { count: 0, characters: 0 };
  for (const frame of framesIn(bytes)) {
    size.count += frame.count;
    size.characters += frame.characters;
  }
  return size;
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
