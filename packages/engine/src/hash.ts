/** Number of bits of a hash: as many as a number represents exactly. */
export const HASH_BITS = 53;

/**
 * Size of the cache, which holds the latest text of each length modulo this. Many features hash the same ids of a page
 * view and a session.
 */
const CACHE_SIZE = 8;
const cachedTexts: (string | undefined)[] = new Array(CACHE_SIZE).fill(undefined);
/** Not a typed array, which would allocate an object for each number read from it. */
const cachedHashes: (number | undefined)[] = new Array(CACHE_SIZE).fill(undefined);

/**
 * Returns a 53-bit hash of a text. Two hashes of multiply and rotate steps over its UTF-16 units are finished by
 * murmur3's mixer and combined. States contain hashes, so that the function never changes.
 */
export const hashOf = (text: string): number => {
  const position = text.length % CACHE_SIZE;
  if (cachedTexts[position] === text) return cachedHashes[position] as number;
  let a = 0x9e3779b9 ^ text.length;
  let b = 0x7f4a7c15;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ unit, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  const hash = mix(a ^ Math.imul(b, 5)) * 0x200000 + (mix(b ^ Math.imul(a, 3)) >>> 11);
  cachedTexts[position] = text;
  cachedHashes[position] = hash;
  return hash;
};

const mix = (half: number): number => {
  let h = half ^ (half >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};
