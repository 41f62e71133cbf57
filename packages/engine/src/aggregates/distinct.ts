import { HASH_BITS, hashOf } from "../hash.ts";
import { type AggregateKind, storable } from "./aggregate.ts";

/** Most different values that are kept one by one. */
const MAX_EXACT = 128;

/** HyperLogLog's precision: so many bits of a hash choose a register. */
const PRECISION = 10;
const REGISTERS = 1 << PRECISION;
/** Bits of a hash whose leading zeros are counted. */
const RANK_BITS = HASH_BITS - PRECISION;

/** Sets numbers apart from texts that read the same. */
const NUMBER = "\0";

/** Hashes of the values, ascending, as long as they are few; then a register for each share of the hashes, and so many more. */
type Values = number[];

const isSketch = (state: Values): boolean => state.length === REGISTERS;

/** One more than the number of leading zeros of the bits that do not choose the register. */
const rankOf = (hash: number): number => {
  const bits = Math.floor(hash / REGISTERS);
  return bits === 0 ? RANK_BITS + 1 : RANK_BITS - Math.floor(Math.log2(bits));
};

const register = (registers: number[], hash: number): void => {
  const index = hash % REGISTERS;
  const rank = rankOf(hash);
  if (rank > (registers[index] ?? 0)) registers[index] = rank;
};

const include = (state: Values, hash: number): Values => {
  if (isSketch(state)) {
    register(state, hash);
    return state;
  }
  let low = 0;
  let high = state.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((state[middle] as number) < hash) low = middle + 1;
    else high = middle;
  }
  if (state[low] === hash) return state;
  if (state.length < MAX_EXACT) {
    state.splice(low, 0, hash);
    return state;
  }
  const registers = new Array<number>(REGISTERS).fill(0);
  for (const known of state) register(registers, known);
  register(registers, hash);
  return registers;
};

/**
 * The number of different values that registers have seen, by the estimator of Otmar Ertl, "New cardinality estimation
 * algorithms for HyperLogLog sketches" (2017), algorithm 6: without bias over the whole range, and without tables.
 */
const estimate = (registers: number[]): number => {
  const having = new Array<number>(RANK_BITS + 2).fill(0);
  for (const rank of registers) having[rank] = (having[rank] ?? 0) + 1;
  let z = REGISTERS * tau(1 - (having[RANK_BITS + 1] ?? 0) / REGISTERS);
  for (let rank = RANK_BITS; rank >= 1; rank -= 1) z = (z + (having[rank] ?? 0)) / 2;
  z += REGISTERS * sigma((having[0] ?? 0) / REGISTERS);
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
 * Number of different values of a field, by a 53-bit hash: exact up to 128, beyond that HyperLogLog with 1,024 registers,
 * whose standard error is 3.25 %. The same state in whatever order values come and parts are merged. Zero for none.
 */
export const distinct: AggregateKind<Values> = {
  emptyPartial: () => [],
  add(state, value) {
    const kept = storable(value);
    if (kept === undefined) return state;
    return include(state, hashOf(typeof kept === "string" ? kept : `${NUMBER}${kept}`));
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
  result: (state) => (isSketch(state) ? estimate(state) : state.length),
};
