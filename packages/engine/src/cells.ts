/** What `latest_per_view` keeps of views: lists that go together. */
const LISTS = ["ids", "seqs", "values"] as const;

type Lists = Record<(typeof LISTS)[number], number[] | number>;

const holdsLists = (cell: unknown): cell is Lists => typeof cell === "object" && cell !== null && !Array.isArray(cell);

/** Looks from the end, where lists of different views differ. A loop: a callback would make an object of each large number. */
const areSame = (one: number[], other: number[]): boolean => {
  if (one.length !== other.length) return false;
  for (let place = one.length - 1; place >= 0; place -= 1) if (one[place] !== other[place]) return false;
  return true;
};

const placeOf = (list: number[], lists: number[][]): number => {
  for (let place = 0; place < lists.length; place += 1) if (areSame(lists[place] as number[], list)) return place;
  return -1;
};

/**
 * A state's cells as they are stored. Features that follow the same views keep the same lists: each list is told once, and
 * where it comes again there is its number, counted from 0 in the order in which lists are told. Leaves the cells as they are.
 */
export const packCells = (cells: readonly unknown[]): unknown[] => {
  const told: number[][] = [];
  return cells.map((cell) => {
    if (!holdsLists(cell)) return cell;
    const packed = { ...cell };
    for (const name of LISTS) {
      const list = cell[name] as number[];
      const place = placeOf(list, told);
      if (place < 0) told.push(list);
      else packed[name] = place;
    }
    return packed;
  });
};

/** The cells that {@link packCells} was given. No two of them share a list. */
export const unpackCells = (cells: readonly unknown[]): unknown[] => {
  const told: number[][] = [];
  return cells.map((cell) => {
    if (!holdsLists(cell)) return cell;
    const unpacked = { ...cell };
    for (const name of LISTS) {
      const list = cell[name];
      if (typeof list === "number") unpacked[name] = (told[list] as number[]).slice();
      else told.push(list);
    }
    return unpacked;
  });
};
