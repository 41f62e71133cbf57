/** Bits of a hash: as many as a number holds exactly. */
export const HASH_BITS = 53;

/** The latest texts of some lengths with their hashes: features ask again and again for those of an event's view and session. */
const REMEMBERED = 8;
const texts: (string | undefined)[] = new Array(REMEMBERED).fill(undefined);
/** Not a typed array: it would make an object of each number that it gives. */
const hashes: (number | undefined)[] = new Array(REMEMBERED).fill(undefined);

/**
 * A 53-bit hash of a text, evenly spread: two rounds of multiply and rotate over its UTF-16 units, each half finished
 * by murmur3's mixer. The same everywhere and for ever: states hold it.
 */
export const hashOf = (text: string): number => {
  const place = text.length % REMEMBERED;
  if (texts[place] === text) return hashes[place] as number;
  let a = 0x9e3779b9 ^ text.length;
  let b = 0x7f4a7c15;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ unit, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  const hash = mixed(a ^ Math.imul(b, 5)) * 0x200000 + (mixed(b ^ Math.imul(a, 3)) >>> 11);
  texts[place] = text;
  hashes[place] = hash;
  return hash;
};

const mixed = (half: number): number => {
  let h = half ^ (half >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};
