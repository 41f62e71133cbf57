import type { Vector } from "@tidemark/sdk";
import { bookAt, type Shelf, shelves } from "./books.ts";

/** Less engaged time than this says nothing, in milliseconds. */
const ENOUGH_MS = 6_000;

/** Views of the latest five that make a shelf a favourite. */
const ENOUGH_VIEWS = 2;

/** The paths of the visitor's latest five page views. */
export const recentPaths = (features: Vector | undefined): readonly unknown[] =>
  Array.isArray(features?.recent_paths) ? features.recent_paths : [];

/**
 * The shelf that a visitor likes, if one is known by now: it had most of the latest five page views, two at least, and the visitor
 * was engaged for some seconds in all (the page visible and focused, and the visitor active).
 */
export const favouriteShelf = (features: Vector | undefined): Shelf | undefined => {
  if (Number(features?.dwell_ms ?? 0) < ENOUGH_MS) return undefined;
  const visited = recentPaths(features).map((path) => bookAt(path)?.shelf);
  const views = (shelf: Shelf) => visited.filter((each) => each === shelf).length;
  const favourite = shelves.toSorted((a, b) => views(b) - views(a))[0];
  return favourite && views(favourite) >= ENOUGH_VIEWS ? favourite : undefined;
};
