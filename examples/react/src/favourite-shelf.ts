import type { Vector } from "@tidemark/sdk";
import { bookAt, type Shelf, shelves } from "./books.ts";

/** The minimum engaged time for a favourite, in milliseconds. */
const MIN_ENGAGED_MS = 6_000;

/** The minimum number of the latest five page views for a favourite. */
const MIN_VIEWS = 2;

/** The paths of the visitor's latest five page views. */
export const recentPaths = (features: Vector | undefined): readonly unknown[] =>
  Array.isArray(features?.recent_paths) ? features.recent_paths : [];

/**
 * The visitor's favourite shelf, if there is one: the shelf with most of the latest five page views, at least {@link MIN_VIEWS}. The
 * visitor must have been engaged for {@link MIN_ENGAGED_MS} in total: the page visible and focused, and the visitor active.
 */
export const favouriteShelf = (features: Vector | undefined): Shelf | undefined => {
  if (Number(features?.dwell_ms ?? 0) < MIN_ENGAGED_MS) return undefined;
  const visited = recentPaths(features).map((path) => bookAt(path)?.shelf);
  const views = (shelf: Shelf) => visited.filter((each) => each === shelf).length;
  const favourite = shelves.toSorted((a, b) => views(b) - views(a))[0];
  return favourite && views(favourite) >= MIN_VIEWS ? favourite : undefined;
};
