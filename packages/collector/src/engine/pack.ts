/** What `latest_per_view` keeps of views: lists that go together. */
const LISTS = ["ids", "seqs", "values"] as const;

type Lists = Record<(typeof LISTS)[number], number[] | number>;

const holdsLists = (cell: unknown): cell is Lists => typeof cell === "object" && cell !== null && !Array.isArray(cell);

const areSame = (one: number[], other: number[]): boolean =>
  one.length === other.length && one.at(-1) === other.at(-1) && one.every((each, place) => each === other[place]);

/**
 * A state's cells as they are stored. Features that follow the same views keep the same lists: each list is told once, and
 * where it comes again there is its number, counted from 0 in the order in which lists are told. Leaves the cells as they are.
 */
export const pack = (cells: readonly unknown[]): unknown[] => {
  const told: number[][] = [];
  return cells.map((cell) => {
    if (!holdsLists(cell)) return cell;
    const packed = { ...cell };
    for (const name of LISTS) {
      const list = cell[name] as number[];
      const place = told.findIndex((each) => areSame(each, list));
      if (place < 0) told.push(list);
      else packed[name] = place;
    }
    return packed;
  });
};

/** The cells that {@link pack} was given. No two of them share a list. */
export const unpack = (cells: readonly unknown[]): unknown[] => {
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
