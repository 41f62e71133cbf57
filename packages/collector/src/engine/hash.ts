/** Bits of a hash: as many as a number holds exactly. */
export const HASH_BITS = 53;

let latest: string | undefined;
let latestHash = 0;

/**
 * A 53-bit hash of a text, evenly spread: two rounds of multiply and rotate over its UTF-16 units, each half finished
 * by murmur3's mixer. The same everywhere and for ever: states hold it. The latest text's is remembered, because features
 * ask for that of one event's view in a row.
 */
export const hashOf = (text: string): number => {
  if (text === latest) return latestHash;
  let a = 0x9e3779b9 ^ text.length;
  let b = 0x7f4a7c15;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ unit, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  latest = text;
  latestHash = mixed(a ^ Math.imul(b, 5)) * 0x200000 + (mixed(b ^ Math.imul(a, 3)) >>> 11);
  return latestHash;
};

const mixed = (half: number): number => {
  let h = half ^ (half >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};
