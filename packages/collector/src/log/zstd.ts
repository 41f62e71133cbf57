import { zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Length from which a text that cannot be compressed is divided. The output of a shorter one always fits. */
const DIVIDED = 32_000;

/**
 * Compresses bytes into one frame of Zstandard, or into several: workerd fails to write a frame of more than 48 KB.
 * Readers of Zstandard accept both.
 */
export const compressZstd = (bytes: Uint8Array): Uint8Array => {
  try {
    return zstdCompressSync(bytes);
  } catch (error) {
    if (bytes.length < DIVIDED) throw error;
    const middle = bytes.length >> 1;
    return Buffer.concat([compressZstd(bytes.subarray(0, middle)), compressZstd(bytes.subarray(middle))]);
  }
};

/** Lengths of fields by the two bits of the descriptor that state them: RFC 8878, section 3.1.1.1. */
const ID_LENGTHS = [0, 1, 2, 4] as const;
const SIZE_LENGTHS = [0, 2, 4, 8] as const;

const DESCRIPTOR_AT = 4;
const BLOCK_HEADER = 3;
const CHECKSUM = 4;
/** The type of a block that is one repeated byte. Its size is that of the output. */
const REPEATED = 1;

/** The index after the frame that begins at an index. */
const endOfFrame = (bytes: Uint8Array, start: number): number => {
  const byteAt = (index: number): number => bytes[index] ?? 0;
  const descriptor = byteAt(start + DESCRIPTOR_AT);
  const isSingleSegment = (descriptor & 0b10_0000) !== 0;
  const sizeFlag = descriptor >> 6;
  const size = sizeFlag === 0 && isSingleSegment ? 1 : (SIZE_LENGTHS[sizeFlag] ?? 0);
  const window = isSingleSegment ? 0 : 1;
  let at = start + DESCRIPTOR_AT + 1 + window + (ID_LENGTHS[descriptor & 0b11] ?? 0) + size;
  for (let isLast = false; !isLast && at < bytes.length; ) {
    const header = byteAt(at) | (byteAt(at + 1) << 8) | (byteAt(at + 2) << 16);
    isLast = (header & 1) === 1;
    at += BLOCK_HEADER + (((header >> 1) & 0b11) === REPEATED ? 1 : header >> 3);
  }
  return (descriptor & 0b100) === 0 ? at : at + CHECKSUM;
};

/** Decompresses one or several frames of Zstandard, of which workerd decompresses only the first one in a call. */
export const decompressZstd = (bytes: Uint8Array): Uint8Array => {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = endOfFrame(bytes, start);
    parts.push(zstdDecompressSync(bytes.subarray(start, end)));
    start = end;
  }
  const [only] = parts;
  return parts.length === 1 && only ? only : Buffer.concat(parts);
};
