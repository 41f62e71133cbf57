/** The parallel lists in the cells of `latest_per_view`. */
const LISTS = ["ids", "ranks", "values"] as const;

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

/** The different ids in the stored lists of a state, which later lists refer to: -1 is the first one, -2 the second. */
class StoredIds {
  readonly #places = new Map<number, number>();
  readonly #ids: number[] = [];

  /** Replaces the ids that were stored before. */
  pack(ids: number[]): number[] {
    return ids.map((id) => {
      const place = this.#places.get(id);
      if (place === undefined) this.#places.set(id, this.#places.size);
      return place === undefined ? id : -1 - place;
    });
  }

  unpack(packed: number[]): number[] {
    return packed.map((id) => {
      if (id >= 0) this.#ids.push(id);
      return id >= 0 ? id : (this.#ids[-1 - id] as number);
    });
  }
}

/**
 * Returns a state's cells as they are stored, and does not change the given cells. Features over the same page views
 * have equal lists. The first occurrence of a list is stored; a repeated list is replaced by the index of the first one
 * among all stored lists. An id of an earlier list is replaced by its place among all stored ids.
 */
export const packCells = (cells: readonly unknown[]): unknown[] => {
  const lists: number[][] = [];
  const ids = new StoredIds();
  return cells.map((cell) => {
    if (!holdsLists(cell)) return cell;
    const packed = { ...cell };
    for (const name of LISTS) {
      const list = cell[name] as number[];
      const position = positionOf(list, lists);
      if (position >= 0) packed[name] = position;
      else {
        lists.push(list);
        if (name === "ids") packed[name] = ids.pack(list);
      }
    }
    return packed;
  });
};

/**
 * Restores the cells that {@link packCells} packed. No two of them share a list. Cells of an earlier version with other
 * lists are restored without them: their features start from scratch.
 */
export const unpackCells = (cells: readonly unknown[]): unknown[] => {
  const lists: number[][] = [];
  const ids = new StoredIds();
  return cells.map((cell) => {
    if (!holdsLists(cell)) return cell;
    const unpacked = { ...cell };
    for (const name of LISTS) {
      const list = cell[name] ?? [];
      if (typeof list === "number") unpacked[name] = lists[list]?.slice() ?? [];
      else {
        unpacked[name] = name === "ids" ? ids.unpack(list) : list;
        lists.push(unpacked[name]);
      }
    }
    return unpacked;
  });
};
