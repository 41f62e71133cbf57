/** The features of an entity by name. */
type Features = Readonly<Record<string, unknown>>;

/** A page with its score: the first of a list is the best one. */
export interface RankedPage {
  path: string;
  score: number;
}

const numberIn = (features: Features | undefined, name: string): number => {
  const value = features?.[name];
  return typeof value === "number" ? value : 0;
};

/** Engaged time at which a page has half of the greatest interest, in milliseconds. */
const HALF_INTEREST_MS = 20_000;

/** Share of the score that remains for a page that the visitor has just seen. */
const SEEN = 0.01;

/** How much a page holds its visitors: from 0 to 2. */
const interestOf = (page: Features | undefined): number => {
  const engaged = numberIn(page, "page_engaged_ms_per_view");
  return engaged / (engaged + HALF_INTEREST_MS) + numberIn(page, "page_completion_ratio");
};

/** How well the length of a page fits the pace of a visitor: 1 for the same time, less for another one. */
const fitOf = (session: Features | undefined, page: Features | undefined): number => {
  const pace = numberIn(session, "dwell_per_page_view_ms");
  const length = numberIn(page, "page_reading_ms_p50");
  return pace > 0 && length > 0 ? Math.exp(-Math.abs(Math.log(length / pace)) / 2) : 1;
};

/**
 * Ranks pages for a visitor: by the interest and the length of each page, its popularity, and the pages that the visitor has
 * seen. A page without features keeps its place behind the others.
 */
export const rank = (
  session: Features | undefined,
  pages: readonly { path: string; features: Features | undefined }[],
): RankedPage[] => {
  const seen = new Set(Array.isArray(session?.recent_paths) ? (session.recent_paths as string[]) : []);
  return pages
    .map(({ path, features }) => {
      const popularity = Math.log1p(numberIn(features, "page_popularity"));
      const score = (interestOf(features) + 0.1 * popularity) * fitOf(session, features) * (seen.has(path) ? SEEN : 1);
      return { path, score: Math.round(score * 1e4) / 1e4 };
    })
    .toSorted((one, other) => other.score - one.score);
};
