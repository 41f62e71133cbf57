/** Random choices that depend only on a seed. */
export interface Dice {
  /** Returns an integer from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** Returns true with the given probability. */
  chance(probability: number): boolean;
  /** Returns one of the values. */
  pick<T>(values: readonly T[]): T;
  /** Returns a number of the normal distribution. */
  normal(mean: number, deviation: number): number;
  /** Returns the number of events of a Poisson process in a time in which `mean` are expected. */
  poisson(mean: number): number;
}

/** Creates the random choices of a seed (mulberry32). */
export const diceOf = (seed: number): Dice => {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  return {
    integer,
    chance: (probability) => random() < probability,
    pick: (values) => values[integer(0, values.length - 1)] as (typeof values)[number],
    normal: (mean, deviation) =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
    poisson(mean) {
      const end = Math.exp(-mean);
      let [number, product] = [0, random()];
      for (; product > end; number += 1) product *= random();
      return number;
    },
  };
};
