import type { Field } from "./field.ts";
import { MAX_DEPTH, MAX_NODES, MAX_SET_WORDS } from "./limits.ts";
import { ModelError } from "./model-error.ts";

/** A leaf of a tree. */
export interface Leaf {
  value: number;
}

/** An inner node of a tree. `Id` identifies nodes within their tree. */
export interface Split<Id> {
  /** Number of the column that the split reads. */
  column: number;
  /** A value up to this number goes left. Ignored with `categories`. */
  threshold: number;
  /** Codes that go left. All others go right. Default: the split compares numbers. */
  categories?: readonly number[];
  /** Whether a missing value goes left. */
  missingLeft: boolean;
  left: Id;
  right: Id;
}

/** The form of a tree in a file: its root, and a function that reads a node. */
export interface TreeSource<Id> {
  root: Id;
  read(id: Id): Leaf | Split<Id>;
}

/** Sums the leaves that a row of columns reaches. NaN in a column is a missing value. */
export type Forest = (row: Float64Array) => number;

/** Kinds of splits. The numbers of leaves are in no list of kinds: their column is -1. */
const NUMBERS = 0;
const CATEGORIES = 2;
/** Added to the kind of a split for which missing values go left. */
const MISSING_LEFT = 1;

/**
 * Collects trees into flat arrays. The splits of all libraries become one kind of comparison, `value <= threshold`, so
 * that a prediction takes no decision by library.
 */
export class ForestBuilder {
  readonly #columns: number[] = [];
  /** Threshold of a split on numbers, start of the set of a split on categories, value of a leaf. */
  readonly #numbers: number[] = [];
  readonly #kinds: number[] = [];
  /** Left and right child of each node. */
  readonly #children: number[] = [];
  readonly #roots: number[] = [];
  /** Sets of categories: the number of words, and then the words of 32 bits. */
  readonly #sets: number[] = [];

  /**
   * Adds a tree. Each node is visited once, so that a file whose nodes form a cycle ends in an error.
   *
   * @param field Place of the tree, for errors.
   */
  add<Id>(field: Field, { root, read }: TreeSource<Id>): void {
    this.#roots.push(this.#columns.length);
    const seen = new Set<Id>();
    const pending: { id: Id; parent: number; depth: number }[] = [{ id: root, parent: -1, depth: 0 }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { id, parent, depth } = next;
      if (seen.has(id))
        throw new ModelError(field.path, "a tree, in which each node has one parent", "a node with two");
      seen.add(id);
      const node = this.#columns.length;
      if (node >= MAX_NODES) throw new ModelError(field.path, `at most ${MAX_NODES} nodes in all trees`, "more");
      if (depth > MAX_DEPTH) throw new ModelError(field.path, `at most ${MAX_DEPTH} splits to a leaf`, "more");
      if (parent >= 0) this.#children[parent] = node;
      const source = read(id);
      if ("value" in source) {
        this.#push(-1, source.value, NUMBERS);
      } else {
        this.#push(source.column, ...this.#testOf(source, field));
        // The left child comes next in the arrays.
        pending.push({ id: source.right, parent: 2 * node + 1, depth: depth + 1 });
        pending.push({ id: source.left, parent: 2 * node, depth: depth + 1 });
      }
    }
  }

  /** Returns the function that sums leaves. @param isFloat32 Whether each addition rounds to 32 bits, as XGBoost's. */
  build(base: number, isFloat32: boolean): Forest {
    const columns = Int32Array.from(this.#columns);
    const numbers = Float64Array.from(this.#numbers);
    const kinds = Uint8Array.from(this.#kinds);
    const children = Int32Array.from(this.#children);
    const roots = Int32Array.from(this.#roots);
    const sets = Uint32Array.from(this.#sets);

    /** Whether a value goes left at a split. */
    const goesLeft = (value: number, node: number): boolean => {
      const kind = kinds[node] as number;
      if (Number.isNaN(value)) return (kind & MISSING_LEFT) !== 0;
      const number = numbers[node] as number;
      if (kind < CATEGORIES) return value <= number;
      const words = sets[number] as number;
      if (!(value >= 0 && value < words * 32)) return false;
      const code = Math.trunc(value);
      return (((sets[number + 1 + (code >>> 5)] as number) >>> (code & 31)) & 1) === 1;
    };

    return (row) => {
      let sum = base;
      for (let tree = 0; tree < roots.length; tree += 1) {
        let node = roots[tree] as number;
        for (let column = columns[node] as number; column >= 0; column = columns[node] as number)
          node = children[2 * node + (goesLeft(row[column] as number, node) ? 0 : 1)] as number;
        const value = numbers[node] as number;
        sum = isFloat32 ? Math.fround(sum + value) : sum + value;
      }
      return sum;
    };
  }

  #push(column: number, number: number, kind: number): void {
    this.#columns.push(column);
    this.#numbers.push(number);
    this.#kinds.push(kind);
    this.#children.push(0, 0);
  }

  #testOf({ threshold, categories, missingLeft }: Split<unknown>, field: Field): [number: number, kind: number] {
    const side = missingLeft ? MISSING_LEFT : 0;
    if (categories === undefined) return [threshold, NUMBERS + side];
    const start = this.#sets.length;
    const words = categories.length === 0 ? 0 : (Math.max(...categories) >>> 5) + 1;
    if (start + words > MAX_SET_WORDS)
      throw new ModelError(field.path, `sets of categories of at most ${MAX_SET_WORDS} words together`, "more");
    this.#sets.push(words, ...Array<number>(words).fill(0));
    for (const code of categories) {
      const word = start + 1 + (code >>> 5);
      this.#sets[word] = ((this.#sets[word] as number) | (1 << (code & 31))) >>> 0;
    }
    return [start, CATEGORIES + side];
  }
}
