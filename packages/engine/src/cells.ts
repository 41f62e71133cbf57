/** The parallel lists in the cells of `latest_per_view`. */
const LISTS = ["ids", "seqs", "values"] as const;

type Lists = Record<(typeof LISTS)[number], number[] | number>;

const holdsLists = (cell: unknown): cell is Lists => typeof cell === "object" && cell !== null && !Array.isArray(cell);

/**
 * Compares from the end, where lists of different views differ. A loop, because a callback would allocate an object for
 * each large number.
 */
const areSame = (one: number[], other: number[]): boolean => {
  if (one.length !== other.length) return false;
  for (let position = one.length - 1; position >= 0; position -= 1) if (one[position] !== other[position]) return false;
  return true;
};

const positionOf = (list: number[], lists: number[][]): number => {
  for (let position = 0; position < lists.length; position += 1)
    if (areSame(lists[position] as number[], list)) return position;
  return -1;
};

/**
 * Returns a state's cells as they are stored, and does not change the given cells. Features over the same page views
 * have equal lists. The first occurrence of a list is stored; a repeated list is replaced by the index of the first one
 * among all stored lists.
 */
export const packCells = (cells: readonly unknown[]): unknown[] => {
  const lists: number[][] = [];
  return cells.map((cell) => {
    if (!holdsLists(cell)) return cell;
    const packed = { ...cell };
    for (const name of LISTS) {
      const list = cell[name] as number[];
      const position = positionOf(list, lists);
      if (position < 0) lists.push(list);
      else packed[name] = position;
    }
    return packed;
  });
};

/** Restores the cells that {@link packCells} packed. No two of them share a list. */
export const unpackCells = (cells: readonly unknown[]): unknown[] => {
  const lists: number[][] = [];
  return cells.map((cell) => {
    if (!holdsLists(cell)) return cell;
    const unpacked = { ...cell };
    for (const name of LISTS) {
      const list = cell[name];
      if (typeof list === "number") unpacked[name] = (lists[list] as number[]).slice();
      else lists.push(list);
    }
    return unpacked;
  });
};
