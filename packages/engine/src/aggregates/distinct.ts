import { HASH_BITS, hashOf } from "../hash.ts";
import type { AggregateKind } from "./aggregate.ts";

/** Largest number of different values whose hashes are stored one by one. */
const MAX_EXACT = 128;

/** HyperLogLog's precision: the number of bits of a hash that select a register. */
const PRECISION = 10;
const REGISTERS = 1 << PRECISION;
/** Number of bits of a hash whose leading zeros are counted. */
const RANK_BITS = HASH_BITS - PRECISION;

/** Prefix of a number before it is hashed, so that it differs from the same digits as a text. */
const NUMBER_PREFIX = "\0";

/** Up to {@link MAX_EXACT} hashes of the values, ascending; beyond that, {@link REGISTERS} registers of HyperLogLog. */
type Values = number[];

const isSketch = (partial: Values): boolean => partial.length === REGISTERS;

/** One more than the number of leading zeros in the bits that do not select the register. */
const rankOf = (hash: number): number => {
  const bits = Math.floor(hash / REGISTERS);
  return bits === 0 ? RANK_BITS + 1 : RANK_BITS - Math.floor(Math.log2(bits));
};

const updateRegister = (registers: number[], hash: number): void => {
  const index = hash % REGISTERS;
  const rank = rankOf(hash);
  if (rank > (registers[index] ?? 0)) registers[index] = rank;
};

const include = (partial: Values, hash: number): Values => {
  if (isSketch(partial)) {
    updateRegister(partial, hash);
    return partial;
  }
  let low = 0;
  let high = partial.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((partial[middle] as number) < hash) low = middle + 1;
    else high = middle;
  }
  if (partial[low] === hash) return partial;
  if (partial.length < MAX_EXACT) {
    partial.splice(low, 0, hash);
    return partial;
  }
  const registers = new Array<number>(REGISTERS).fill(0);
  for (const known of partial) updateRegister(registers, known);
  updateRegister(registers, hash);
  return registers;
};

/**
 * Estimates the number of different values added to registers, without bias over the whole range and without tables.
 * This is algorithm 6 of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017).
 */
const estimate = (registers: number[]): number => {
  const registersOfRank = new Array<number>(RANK_BITS + 2).fill(0);
  for (const rank of registers) registersOfRank[rank] = (registersOfRank[rank] ?? 0) + 1;
  let z = REGISTERS * tau(1 - (registersOfRank[RANK_BITS + 1] ?? 0) / REGISTERS);
  for (let rank = RANK_BITS; rank >= 1; rank -= 1) z = (z + (registersOfRank[rank] ?? 0)) / 2;
  z += REGISTERS * sigma((registersOfRank[0] ?? 0) / REGISTERS);
  return Math.round((REGISTERS * REGISTERS) / (2 * Math.LN2 * z));
};

const sigma = (share: number): number => {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let x = share;
  let y = 1;
  let z = x;
  for (let before = Number.NaN; z !== before; ) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
};

const tau = (share: number): number => {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  for (let before = Number.NaN; z !== before; ) {
    x = Math.sqrt(x);
    before = z;
    y /= 2;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
};

/**
 * Number of different values of a field, by their 53-bit hashes. Zero for no values. Exact up to 128; beyond that,
 * HyperLogLog with 1,024 registers, whose standard error is 3.25 %. The order of values and merges does not change the
 * partial result.
 */
export const distinct: AggregateKind<Values> = {
  emptyPartial: () => [],
  add(partial, value) {
    if (typeof value === "string") return include(partial, hashOf(value));
    return typeof value === "number" ? include(partial, hashOf(`${NUMBER_PREFIX}${value}`)) : partial;
  },
  mergeInto(a, b) {
    let [both, other] = isSketch(b) && !isSketch(a) ? [b.slice(), a] : [a, b];
    if (isSketch(other)) {
      other.forEach((rank, index) => {
        if (rank > (both[index] ?? 0)) both[index] = rank;
      });
    } else for (const hash of other) both = include(both, hash);
    return both;
  },
  result: (partial) => (isSketch(partial) ? estimate(partial) : partial.length),
};
