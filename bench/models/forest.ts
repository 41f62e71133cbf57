/** A generator of numbers from 0 to 1 that gives the same numbers in each run. */
const numbersFrom = (seed: number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** Number of splits from the root of a tree to each leaf. */
const DEPTH = 6;

/** A full tree with random thresholds: node `n` has the children `2n + 1` and `2n + 2`. */
const treeOf = (features: number, random: () => number) => {
  const splits = 2 ** DEPTH - 1;
  const nodes = Array.from({ length: 2 * splits + 1 }, (_, node) => node);
  return {
    column: nodes.map((node) => (node < splits ? Math.floor(random() * features) : -1)),
    value: nodes.map((node) => (node < splits ? random() : random() - 0.5)),
    left: nodes.map((node) => (node < splits ? 2 * node + 1 : -1)),
    right: nodes.map((node) => (node < splits ? 2 * node + 2 : -1)),
    missing_left: nodes.map(() => Math.round(random())),
  };
};

/** The names of a number of features. */
export const featureNames = (features: number): string[] =>
  Array.from({ length: features }, (_, index) => `feature_${index}`);

/** The set of generated models. */
export const setOf = (features: readonly string[]) => ({ name: "bench", version: 1, hash: "000000000000", features });

/** A model file with full trees of random splits. */
export const forestOf = (trees: number, features: number) => {
  const random = numbersFrom(trees * features);
  return {
    ...{ format: "tidemark-model", version: 1, set: { name: "bench", version: 1 } },
    inputs: featureNames(features).map((feature) => ({ feature, kind: "number" })),
    model: {
      ...{ kind: "trees", columns: "float32", sum: "float32", base: 0, average: false, link: "logistic" },
      trees: Array.from({ length: trees }, () => treeOf(features, random)),
    },
  };
};

/** Vectors with a tenth of missing values. */
export const vectorsOf = (features: number, count: number): (number | null)[][] => {
  const random = numbersFrom(count);
  return Array.from({ length: count }, () =>
    Array.from({ length: features }, () => (random() < 0.1 ? null : random())),
  );
};
