/** A part of a file's bytes. */
export interface ByteRange {
  /** Index of the first byte. */
  offset: number;
  /** Number of bytes, at least 1. */
  length: number;
}

/**
 * Reads the header `Range` of a request for a file: `bytes=0-99`, `bytes=100-` or `bytes=-100`, the last 100 bytes.
 *
 * @param size Size of the file in bytes.
 * @returns `undefined` for the whole file: without a header, for several ranges, and for any other form. RFC 9110 allows
 * a server to ignore these. `unsatisfiable` for a range without a byte of the file.
 */
export const byteRangeIn = (header: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined => {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const offset = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return offset < end ? { offset, length: end - offset } : "unsatisfiable";
};
