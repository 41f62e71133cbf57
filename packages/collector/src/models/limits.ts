/** The largest model file that the collector reads from object storage, in bytes. */
export const MAX_MODEL_BYTES = 32 * 1024 * 1024;

/** The largest number of nodes in all trees of a model, leaves included. So reading fits into the memory of a Worker. */
export const MAX_NODES = 250_000;

/** The largest number of trees. */
export const MAX_TREES = 20_000;

/** The largest number of splits between the root of a tree and a leaf. */
export const MAX_DEPTH = 1_000;

/** The largest number of columns that a model reads. */
export const MAX_COLUMNS = 2_000;

/** The largest number of categories of a column. Their codes are smaller. */
export const MAX_CATEGORIES = 65_536;

/** The largest size of all sets of categories in the splits of a model together, in words of 32 categories. */
export const MAX_SET_WORDS = 1_000_000;
